// Goal: what tools add to the most a prompt can have, and which of them let the API sample again.
import { describe, expect, it } from 'vitest';
import type { MessagesRequest } from '../../src/domain/call-request.ts';
import { boundPromptTokens, mayLoop } from '../../src/domain/prompt-bound.ts';
import { findModel, type ModelCard } from '../../src/domain/rate-card.ts';
import { loadCard } from './load-card.ts';
import { makeRequest, makeTool } from './make-request.ts';

const model = findModel(loadCard(), 'claude-opus-4-5') as ModelCard;
/** What the API may add beside tools. */
const ADDED = 512;
/** The tool prompt of Opus 4.5 where a tool has to be used. */
const TOOL_PROMPT = 588;

describe('the definitions of tools', () => {
  it.each<[string, Partial<MessagesRequest>, number]>([
    ['none', {}, 0],
    ['one of the client', { customTools: 1 }, TOOL_PROMPT],
    ['one of the API', { tools: [makeTool('web_fetch_20260318')] }, TOOL_PROMPT],
    ['a server of tools', { mcpServers: 1 }, TOOL_PROMPT],
    ['one of each', { customTools: 1, mcpServers: 1, tools: [makeTool('web_fetch_20260318')] }, TOOL_PROMPT],
    ['one of the client and a server', { customTools: 1, mcpServers: 1 }, TOOL_PROMPT],
    ['one of the client and one of the API', { customTools: 1, tools: [makeTool('tool_search_1')] }, TOOL_PROMPT],
    ['bash', { tools: [makeTool('bash_20250124')] }, TOOL_PROMPT + 325],
    ['the text editor', { tools: [makeTool('text_editor_20250728')] }, TOOL_PROMPT + 700],
    ['memory', { tools: [makeTool('memory_20250818')] }, TOOL_PROMPT + 700],
    ['the computer', { tools: [makeTool('computer_20251124')] }, TOOL_PROMPT + 4_500],
    ['a browser', { tools: [makeTool('browser_20260801')] }, TOOL_PROMPT + 6_600],
  ])('%s', (_what, changes, tokens) => {
    expect(boundPromptTokens(makeRequest({ textBytes: 1_000, ...changes }), model)).toBe(1_000 + ADDED + tokens);
  });
});

describe('sampled more than once', () => {
  it.each<[string, Partial<MessagesRequest>, boolean]>([
    ['a plain request', {}, false],
    ['tools that the client runs', { customTools: 2, tools: [makeTool('bash_20250124')] }, false],
    ['a tool that the API runs', { tools: [makeTool('bash_20250124'), makeTool('web_fetch_20260318')] }, true],
    ['a server of tools', { mcpServers: 1 }, true],
    ['a container', { container: true }, true],
  ])('%s', (_what, changes, expected) => {
    expect(mayLoop(makeRequest(changes))).toBe(expected);
  });
});

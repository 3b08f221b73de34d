import { formatUsd } from '../domain/money.ts';
import type { Demo } from './prepare-demo.ts';

export interface BannerFacts {
  version: string;
  publicUrl: string;
  adminUrl: string;
  /** Undefined: the token was given in the settings. */
  adminTokenPath: string | undefined;
  store: string;
  /** The upstream's base URL; undefined: the simulated API answers. */
  upstream: string | undefined;
  rateCard: { version: string; models: number };
  demo: Demo | undefined;
  warnings: readonly string[];
  /** Processes that serve the proxy. */
  workers: number;
}

const DEMO_MODEL = 'claude-haiku-5-5';

/** What a person sees when the process is up. It shows the demo key, which buys nothing but simulated answers. */
export function writeBanner(facts: BannerFacts): string {
  const upstream =
    facts.upstream ?? 'SIMULATED Claude API: made-up answers, no real cost (set ANTHROPIC_API_KEY for the real one)';
  const token =
    facts.adminTokenPath === undefined ? 'token: the ADMIN_TOKEN you set' : `token in ${facts.adminTokenPath}`;
  const lines = [
    `Tollgate ${facts.version} is running.`,
    '',
    `  proxy      ${facts.publicUrl}   (base URL for clients${facts.workers > 1 ? `; ${facts.workers} workers` : ''})`,
    `  admin      ${facts.adminUrl}   (${token})`,
    `  store      ${facts.store}`,
    `  upstream   ${upstream}`,
    `  rate card  ${facts.rateCard.version}, ${facts.rateCard.models} models`,
    ...facts.warnings.map((warning) => `  warning    ${warning}`),
    '',
    ...(facts.demo === undefined ? writeFirstSteps(facts) : writeDemo(facts.publicUrl, facts.demo)),
    '',
    '  Stop with Ctrl-C.',
  ];
  return `${lines.join('\n')}\n`;
}

function writeDemo(publicUrl: string, demo: Demo): string[] {
  const body = `{"model":"${DEMO_MODEL}","max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}`;
  return [
    `  Demo account "${demo.name}" (${demo.accountId}) with $${formatUsd(demo.availableNanoUsd)} of credit. Its key:`,
    '',
    `    ${demo.keySecret}`,
    '',
    '  Try it:',
    '',
    `    curl ${publicUrl}/v1/messages -H 'x-api-key: ${demo.keySecret}' -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' -d '${body}'`,
    '',
    '  or with the SDK (npm install @anthropic-ai/sdk):',
    '',
    `    import Anthropic from '@anthropic-ai/sdk'; const client = new Anthropic({ baseURL: '${publicUrl}', apiKey: '${demo.keySecret}' });`,
    `    console.log(await client.messages.create({ model: '${DEMO_MODEL}', max_tokens: 64, messages: [{ role: 'user', content: 'Hello' }] }));`,
    '',
    `  What is left: curl ${publicUrl}/v1/balance -H 'x-api-key: ${demo.keySecret}'`,
  ];
}

function writeFirstSteps({ adminUrl }: BannerFacts): string[] {
  return [
    '  Make an account, credit and a key:',
    '',
    `    npx tollgate account create "My team" --admin-url ${adminUrl}`,
    `    npx tollgate grant create <account id> --amount-usd 50 --admin-url ${adminUrl}`,
    `    npx tollgate key create <account id> "first key" --admin-url ${adminUrl}`,
  ];
}

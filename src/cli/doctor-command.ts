import type { Command } from 'commander';
import type { CliOutput } from './cli-session.ts';
import { CliFailure, EXIT_CODES } from './exit-codes.ts';
import { toTerminalText } from './terminal-text.ts';

/** What one look found. */
export interface DoctorFinding {
  check: string;
  status: 'ok' | 'warning' | 'problem';
  says: string;
  remedy?: string;
}

/** Looks at the installation that the settings of this process describe, and changes nothing. */
export type Doctor = (options: { nowMs: () => number }) => AsyncIterable<DoctorFinding>;

/** The longest name of a check has 15 characters. */
const CHECK_WIDTH = 16;
const STATUS_WIDTH = 9;

export function addDoctorCommand(program: Command, output: CliOutput, doctor: Doctor, nowMs: () => number): void {
  program
    .command('doctor')
    .description(
      'look at configuration, data folder, store, upstream, TLS, clock, rate card and ports; changes nothing',
    )
    .action(async (_options: unknown, command: Command) => {
      const isJson = command.optsWithGlobals<{ json?: boolean }>().json === true;
      const findings: DoctorFinding[] = [];
      for await (const finding of doctor({ nowMs })) {
        findings.push(finding);
        if (!isJson) output.out(describe(finding, output));
      }
      const count = (status: DoctorFinding['status']): number =>
        findings.filter((finding) => finding.status === status).length;
      const problems = count('problem');
      if (isJson) {
        const shown = findings.map((finding) => ({ ...finding, remedy: finding.remedy ?? null }));
        output.out(JSON.stringify({ ok: problems === 0, findings: shown }, null, 2));
      }
      if (problems > 0) throw new CliFailure(`${problems} of ${findings.length} are problems`, EXIT_CODES.refused);
      const warnings = count('warning');
      if (!isJson) output.out(warnings === 0 ? 'All is well.' : `No problem, ${warnings} to look at.`);
    });
}

const COLOURS = { ok: 32, warning: 33, problem: 31 } as const;

function describe({ check, status, says, remedy }: DoctorFinding, { terminal }: CliOutput): string {
  const word = status.padEnd(STATUS_WIDTH);
  const shown = terminal?.colours === true ? `\u001b[${COLOURS[status]}m${word}\u001b[0m` : word;
  const line = `${shown}${check.padEnd(CHECK_WIDTH)}${toTerminalText(says)}`;
  if (remedy === undefined) return line;
  return `${line}\n${' '.repeat(STATUS_WIDTH + CHECK_WIDTH)}→ ${toTerminalText(remedy)}`;
}

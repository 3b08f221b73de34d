import type { Command } from 'commander';
import { type CliOutput, openSession } from './cli-session.ts';

export function addHealthCommand(program: Command, output: CliOutput): void {
  program
    .command('health')
    .description('how a running Tollgate, its store, its upstream and its prices are')
    .action((_options: object, command: Command) =>
      openSession(command, output).showRecord({ method: 'GET', path: ['health-report'] }),
    );
}

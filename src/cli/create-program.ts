import { Command } from 'commander';
import { addAccountCommands } from './account-commands.ts';
import { addAlertCommands } from './alert-commands.ts';
import { addApplyCommand } from './apply-command.ts';
import { addAuditCommand } from './audit-command.ts';
import { addAutoReloadCommands } from './auto-reload-commands.ts';
import { addCallsCommand } from './calls-command.ts';
import type { CliOutput } from './cli-session.ts';
import { addCorrectCommand } from './correct-command.ts';
import { addDoctorCommand, type Doctor } from './doctor-command.ts';
import { addExamples } from './examples.ts';
import { addExportCommand } from './export-command.ts';
import { addGrantCommands } from './grant-commands.ts';
import { addHealthCommand } from './health-command.ts';
import { addJournalCommand } from './journal-command.ts';
import { addKeyCommands } from './key-commands.ts';
import { addMemberCommands } from './member-commands.ts';
import { addQuotaCommands } from './quota-commands.ts';
import { addRateCardCommand } from './rate-card-command.ts';
import { addReconcileCommand } from './reconcile-command.ts';
import { addRefundCommand } from './refund-command.ts';
import { addRestoreCommand, type Restore } from './restore-command.ts';
import { addRunwayCommand } from './runway-command.ts';
import { addStatementCommand } from './statement-command.ts';
import { addTeamCommands } from './team-commands.ts';
import { addTokenCommands, addWhoamiCommand } from './token-commands.ts';
import { addUsageCommand } from './usage-command.ts';

export interface ProgramParts {
  output: CliOutput;
  /** Starts the proxy in this process. */
  serve(): Promise<void>;
  restore: Restore;
  doctor: Doctor;
  /** Milliseconds since 1970; the machine's clock unless given. */
  nowMs?: () => number;
}

const EPILOGUE = `
Environment:
  TOLLGATE_ADMIN_URL         the admin listener; http://127.0.0.1:8788 unless set
  TOLLGATE_ADMIN_TOKEN       the admin token or an access token, or TOLLGATE_ADMIN_TOKEN_FILE, a file that holds it;
                             on the same machine the data folder's token is found by itself

Exit codes: 0 done, 1 refused, 2 wrong use, 3 no answer (a write may have taken effect).`;

/** The whole command line. Wrong use is thrown as CommanderError, everything else as CliFailure. */
export function createProgram({ output, serve, restore, doctor, nowMs = Date.now }: ProgramParts): Command {
  const program = new Command('tollgate')
    .description('Prepaid credit, metering and limits in front of the Claude API.')
    .option('--json', "print the API's own JSON")
    .option('--admin-url <url>', 'where the admin listener is')
    .option('--idempotency-key <key>', 'makes a write safe to send again')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help says more)')
    .addHelpText('after', EPILOGUE)
    .configureOutput({
      writeOut: (text) => output.out(text.trimEnd()),
      writeErr: (text) => output.error(text.trimEnd()),
    })
    .exitOverride();
  program.command('serve').description('start the proxy, as npm start does').action(serve);
  addAccountCommands(program, output);
  addGrantCommands(program, output);
  addTeamCommands(program, output);
  addMemberCommands(program, output);
  addKeyCommands(program, output);
  addQuotaCommands(program, output);
  addExportCommand(program, output);
  addApplyCommand(program, output, nowMs);
  addUsageCommand(program, output);
  addStatementCommand(program, output);
  addRunwayCommand(program, output);
  addCallsCommand(program, output);
  addHealthCommand(program, output);
  addAutoReloadCommands(program, output);
  addJournalCommand(program, output);
  addRefundCommand(program, output);
  addCorrectCommand(program, output);
  addAlertCommands(program, output);
  addAuditCommand(program, output);
  addTokenCommands(program, output);
  addWhoamiCommand(program, output);
  addReconcileCommand(program, output);
  addRestoreCommand(program, output, restore);
  addRateCardCommand(program, output);
  addDoctorCommand(program, output, doctor, nowMs);
  addExamples(program);
  return program;
}

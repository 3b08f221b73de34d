import type { Command } from 'commander';
import { type CliOutput, openSession } from './cli-session.ts';
import { addPageOptions, type PageOptions } from './page-options.ts';

const COLUMNS = [
  ['id', 'ID'],
  ['name', 'NAME'],
  ['type', 'TYPE'],
  ['target', 'TARGET'],
  ['default', 'DEFAULT'],
  ['enabled', 'ON'],
] as const;

interface ChannelOptions {
  account?: string;
  name?: string;
  url?: string;
  to?: string[];
  secret?: string;
  default?: boolean;
  enabled?: boolean;
}

export function addAlertChannelCommands(alerts: Command, output: CliOutput): void {
  const channel = alerts.command('channel').description('where alerts are sent');
  addPageOptions(channel.command('list').description('list channels'))
    .option('--account <id>', 'of this account; of the installation unless given')
    .action(({ account, ...page }: PageOptions & { account?: string }, command: Command) =>
      openSession(command, output).showPage(
        { method: 'GET', path: ['alert-channels'], query: { account_id: account, ...page } },
        COLUMNS,
      ),
    );
  addWrites(channel, output);
}

function addWrites(channel: Command, output: CliOutput): void {
  const create = channel
    .command('create')
    .description('make a channel; shows the secret of a webhook, this once')
    .argument('<type>', 'webhook, slack, teams or email')
    .argument('<name>', 'name of the channel')
    .option('--account <id>', 'of this account; of the installation unless given')
    .option('--default', 'takes what alerts tell that name no channel');
  addTargetOptions(create).action((type: string, name: string, options: ChannelOptions, command: Command) =>
    openSession(command, output).showRecord({
      method: 'POST',
      path: ['alert-channels'],
      body: { account_id: options.account, type, ...writeChannel(options), name },
    }),
  );
  const update = channel
    .command('update')
    .description('change a channel')
    .argument('<channel>', 'id of the channel')
    .option('--name <name>', 'name of the channel')
    .option('--default', 'takes what alerts tell that name no channel')
    .option('--no-default', 'takes only what names it')
    .option('--enabled', 'on')
    .option('--no-enabled', 'off');
  addTargetOptions(update).action((id: string, options: ChannelOptions, command: Command) =>
    openSession(command, output).showRecord({
      method: 'PATCH',
      path: ['alert-channels', id],
      body: writeChannel(options),
    }),
  );
  channel
    .command('delete')
    .description('delete a channel; what waits for it is given up')
    .argument('<channel>', 'id of the channel')
    .action((id: string, _options: unknown, command: Command) =>
      openSession(command, output).showRecord({ method: 'DELETE', path: ['alert-channels', id] }, `Deleted ${id}.`),
    );
}

function addTargetOptions(command: Command): Command {
  return command
    .option('--url <url>', 'of a webhook, of Slack or of Teams')
    .option('--to <addresses...>', 'of e-mail')
    .option('--secret <secret>', 'that signs a webhook, whsec_ and base64; made unless given');
}

function writeChannel({ name, url, to, secret, default: isDefault, enabled }: ChannelOptions) {
  return { name, url, to, secret, default: isDefault, enabled };
}

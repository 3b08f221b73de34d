import { type AlertChannel, BUILT_IN_CHANNEL_ID, type ChannelTarget } from '../../alerts/alert-channel.ts';
import { writeOptionalTime } from './write-time.ts';

/** Never with the address of a webhook, which is a credential as a rule. */
export function presentAlertChannel(channel: AlertChannel) {
  const { target } = channel;
  return {
    id: channel.id,
    account_id: channel.accountId ?? null,
    name: channel.name,
    type: target.type,
    target: hintOf(target),
    ...(target.type === 'email' ? { to: target.to } : {}),
    default: channel.isDefault,
    enabled: channel.enabled,
    built_in: channel.id === BUILT_IN_CHANNEL_ID,
    created_at: writeOptionalTime(channel.createdAtMs === 0 ? undefined : channel.createdAtMs),
  };
}

const HINT_CHARACTERS = 4;
/** What is shorter could be guessed from its end. */
const HINTED_FROM_CHARACTERS = 24;

function hintOf(target: ChannelTarget): string {
  if (target.type === 'email') return target.to.join(', ');
  const { origin, pathname, search } = new URL(target.url);
  const rest = `${pathname}${search}`;
  return `${origin}/...${rest.length < HINTED_FROM_CHARACTERS ? '' : rest.slice(-HINT_CHARACTERS)}`;
}

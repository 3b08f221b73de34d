import { describeNotice } from './describe-notice.ts';

/**
 * The body of Slack's incoming webhooks: a line of text, and the facts as fields.
 * Source: https://api.slack.com/messaging/webhooks and https://api.slack.com/reference/messaging/attachments.
 */
export function writeSlackMessage(payload: string): string {
  const { title, facts, isOver } = describeNotice(payload);
  return JSON.stringify({
    text: `*${escapeText(title)}*`,
    attachments: [
      {
        color: isOver ? 'good' : 'danger',
        fallback: escapeText(title),
        fields: facts.map(([name, value]) => ({
          title: escapeText(name),
          value: escapeText(value),
          short: value.length < SHORT_CHARACTERS,
        })),
      },
    ],
  });
}

const SHORT_CHARACTERS = 40;

/** Slack's own three: without it a name could call everybody (`<!channel>`). */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

import { describeNotice } from './describe-notice.ts';

/**
 * The body that Microsoft Teams takes from incoming webhooks and Workflows: one adaptive card.
 * Source: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using, and the
 * schema at https://adaptivecards.io/explorer.
 */
export function writeTeamsMessage(payload: string): string {
  const { title, facts, isOver } = describeNotice(payload);
  return JSON.stringify({
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            {
              type: 'TextBlock',
              text: escapeText(title),
              weight: 'bolder',
              size: 'medium',
              color: isOver ? 'good' : 'attention',
              wrap: true,
            },
            {
              type: 'FactSet',
              facts: facts.map(([name, value]) => ({ title: escapeText(name), value: escapeText(value) })),
            },
          ],
        },
      },
    ],
  });
}

/** Cards read Markdown: without it a name could be a link to anywhere. */
function escapeText(text: string): string {
  return text.replaceAll(/[\\[\]()*_`~#>|]/g, '\\$&');
}

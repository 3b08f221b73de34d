import { Webhook } from 'standardwebhooks';
import { startReceiver } from '../alerts/webhook-receiver.ts';

export const SECRET = `whsec_${'A'.repeat(32)}`;

export interface Asked {
  id: string;
  // biome-ignore lint/suspicious/noExplicitAny: what was posted, looked at by the tests.
  body: any;
}

/**
 * A payment side over real HTTP: it verifies signatures, charges each request once by its id, and answers as it is
 * told. `answer` may fail or keep silent.
 */
export async function startPaymentSide(answer: (asked: Asked, times: number) => { status?: number; body?: string }) {
  const asked: Asked[] = [];
  const charged = new Map<string, string>();
  const receiver = await startReceiver((response, count) => {
    const { headers, body } = receiver.received[count - 1] ?? { headers: {}, body: '' };
    new Webhook(SECRET).verify(body, headers as { [name: string]: string });
    const one = { id: `${headers['webhook-id']}`, body: JSON.parse(body) };
    asked.push(one);
    const { status = 200, body: text = '' } = answer(one, asked.filter(({ id }) => id === one.id).length);
    if (text.includes('"paid"')) charged.set(one.id, one.body.data.amount_usd);
    response.writeHead(status, { 'content-type': 'application/json' }).end(text);
  });
  return { url: receiver.url, asked, charged, stop: receiver.stop };
}

export const says = (outcome: string, more: object = {}): { body: string } => ({
  body: JSON.stringify({ outcome, ...more }),
});

import type { AdminUnderTest, Json } from '../admin-under-test.ts';

export const HOST = '127.0.0.1:8788';

/** What a browser sends with each request of the console's own pages. */
export const OWN_PAGE = { host: HOST, 'sec-fetch-site': 'same-origin', 'x-tollgate-console': 'act' };

export interface BrowserAnswer {
  status: number;
  body: Json;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A browser as far as cookies go: keeps what it is told to and sends it back. */
export interface ConsoleBrowser {
  cookie: string | undefined;
  signIn(secret: string): Promise<BrowserAnswer>;
  send(
    method: string,
    url: string,
    options?: { body?: unknown; headers?: Record<string, string> },
  ): Promise<BrowserAnswer>;
}

export function openConsoleBrowser(admin: AdminUnderTest): ConsoleBrowser {
  const browser: ConsoleBrowser = {
    cookie: undefined,
    signIn: (secret) => browser.send('POST', '/console/session', { body: { secret } }),
    async send(method, url, { body, headers = {} } = {}) {
      const answer = await admin.app.inject({
        method: method as 'GET',
        url,
        headers: {
          ...OWN_PAGE,
          ...(method === 'GET' ? {} : { origin: `http://${HOST}` }),
          ...(browser.cookie === undefined ? {} : { cookie: browser.cookie }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      });
      const set = [answer.headers['set-cookie']].flat()[0];
      if (typeof set === 'string') {
        const [pair = ''] = set.split(';');
        browser.cookie = /Max-Age=0/.test(set) ? undefined : pair;
      }
      const isJson = `${answer.headers['content-type']}`.includes('json') && answer.body !== '';
      return {
        status: answer.statusCode,
        body: isJson ? answer.json() : answer.body,
        headers: answer.headers as BrowserAnswer['headers'],
      };
    },
  };
  return browser;
}

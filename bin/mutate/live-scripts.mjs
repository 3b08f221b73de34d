// Stands in for src/store/redis/define-scripts.ts, so that clients that are connected already can be given the scripts
// as they are now.
const { defineScripts: define } = await import(`${process.env.DEFINE_SCRIPTS_URL}?real`);

const clients = new Set();

export function defineScripts(client) {
  define(client);
  if (clients.has(client)) return;
  clients.add(client);
  client.once('end', () => clients.delete(client));
}

/** Old scripts are dropped from the servers: thousands of them would fill their memory. */
export async function reloadScripts() {
  for (const client of clients) {
    await client.script('FLUSH');
    define(client);
  }
}

import type { Redis } from 'ioredis';
import { atTurnEnd } from '../../event-loop/turn-end.ts';

/**
 * Joins the commands of one turn of the event loop into one write to the connection: under load a turn has many, and a
 * write costs the system more than a command costs us. Alone, a command waits for nothing but the end of its turn.
 */
export function joinWrites(client: Redis): void {
  const send = client.sendCommand.bind(client);
  let corked: Redis['stream'] | undefined;
  const uncork = (): void => {
    const connection = corked;
    corked = undefined;
    connection?.uncork();
  };
  client.sendCommand = (command, stream) => {
    // Before it is connected there is none; a connection made anew in the meantime is another one.
    const connection: Redis['stream'] | undefined = client.stream;
    if (corked === undefined && connection !== undefined && connection !== null) {
      corked = connection;
      connection.cork();
      atTurnEnd('write', uncork);
    }
    return send(command, stream);
  };
}

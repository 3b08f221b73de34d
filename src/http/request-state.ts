import type { FastifyInstance } from 'fastify';
import { createId } from '../directory/create-id.ts';
import type { Principal } from '../directory/directory.ts';
import type { Timers } from '../metering/timers.ts';
import type { Seat } from './admission/admission-control.ts';
import type { PublicRoute } from './public-routes.ts';

/** What is known of a request, filled in on its way. */
export interface RequestState {
  /** Our own id, `req_...`; fastify's `request.id` is the same. */
  requestId: string;
  arrivedAtMs: number;
  /** Set once the allow-list has let it pass. */
  route: PublicRoute | undefined;
  /** Set once the key is known and alive. */
  principal: Principal | undefined;
  /** Its place among the open requests, once it was let in. */
  seat: Seat | undefined;
  /** As the request names it, once it was read. */
  model: string | undefined;
  /** Time spent on finding the caller. */
  authMs: number;
  /** Handed to the proxy of the free routes. */
  forwarded: boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    tollgate: RequestState;
  }
}

/** Gives every request its state, before any other hook. */
export function addRequestState(app: FastifyInstance, timers: Timers): void {
  app.decorateRequest('tollgate');
  app.addHook('onRequest', (request, _reply, done) => {
    request.tollgate = createRequestState(request.id, timers);
    done();
  });
}

/** The state of a request that has only just arrived. */
export function createRequestState(requestId: string, timers: Timers): RequestState {
  return {
    requestId,
    arrivedAtMs: timers.nowMs(),
    route: undefined,
    principal: undefined,
    seat: undefined,
    model: undefined,
    authMs: 0,
    forwarded: false,
  };
}

/** A fresh request id. The client's own ids are not taken over: they would name two requests alike. */
export function createRequestId(timers: Timers): string {
  return createId('req', timers.nowMs());
}

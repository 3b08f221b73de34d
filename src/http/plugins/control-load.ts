import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AdmissionControl } from '../admission/admission-control.ts';
import type { PublicParts } from '../public-parts.ts';
import type { PublicRouteId } from '../public-routes.ts';
import { type RefusalParts, refuseRequest } from '../refuse-request.ts';

/** Their bodies are held in memory, whole; those of batches and files go to the disk. */
const HELD_BODIES: ReadonlySet<PublicRouteId | undefined> = new Set<PublicRouteId>(['messages', 'count_tokens']);

type LoadParts = RefusalParts & Pick<PublicParts, 'limits'> & { admission: AdmissionControl };

/**
 * Gives every request of a caller its place, or refuses it before its body is read. After the caller is known, since
 * what is fair is a matter of whose it is; probes, which have no caller, are always answered.
 */
export function controlLoad(app: FastifyInstance, parts: LoadParts): void {
  const announcedBytes = (request: FastifyRequest): number => {
    const bytes = Number(request.headers['content-length'] ?? 0);
    // Larger than is taken at all: another refusal than ours.
    return HELD_BODIES.has(request.tollgate.route?.id) && bytes <= parts.limits.messagesBodyBytes ? bytes : 0;
  };
  app.addHook('onRequest', (request, reply, done) => {
    const { principal } = request.tollgate;
    if (principal === undefined) {
      done();
      return;
    }
    const caller = { accountId: principal.account.id, keyId: principal.key.id };
    const entered = parts.admission.enter(caller, announcedBytes(request));
    if ('refusal' in entered) {
      refuseRequest(parts, request, reply, entered.refusal);
      return;
    }
    request.tollgate.seat = entered.seat;
    // It acts once, and needs no wrapper that sees to it.
    reply.raw.on('close', entered.leave);
    // It may have left while its caller was looked up.
    if (reply.raw.closed || request.raw.destroyed) entered.leave();
    done();
  });
  app.addHook('onClose', async () => parts.admission.stop());
}

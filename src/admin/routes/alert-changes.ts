import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AlertRule, RULES_AT_MOST } from '../../alerts/alert-rule.ts';
import { BUILT_IN_RULES } from '../../alerts/built-in-rules.ts';
import type { AdminParts } from '../admin-parts.ts';
import { changeAlertTerms, readAlertTerms } from '../alert-terms.ts';
import { findAlertErrors } from '../find-alert-errors.ts';
import { presentAlertNow } from '../present-alert-now.ts';
import { type FieldError, refuse, refuseFields } from '../problem.ts';
import type { UpdateAlertBody } from '../schemas/alert-schemas.ts';

/** Changes a rule. One that is built in gets a record, which takes its place. */
export async function updateAlert(
  parts: AdminParts,
  request: FastifyRequest,
  reply: FastifyReply,
  present: AlertRule,
  body: UpdateAlertBody,
): Promise<unknown> {
  const { rules } = parts.alerts.store;
  const changed = changeRule(present, body);
  if (Array.isArray(changed)) return refuseFields(reply, changed);
  const errors = await findAlertErrors(parts, request, changed);
  if (errors.length > 0 && !request.write.resumed) return refuseFields(reply, errors);
  const change = (rule: AlertRule): AlertRule => {
    const again = changeRule(rule, body);
    return Array.isArray(again) ? rule : again;
  };
  let rule = await rules.update(present.id, change);
  if (rule === undefined && BUILT_IN_RULES.includes(present)) {
    // Beside the rules that people make.
    await rules.create(changed, RULES_AT_MOST + BUILT_IN_RULES.length);
    rule = await rules.update(present.id, change);
  }
  if (rule === undefined) return refuse(reply, 'not_found', 'There is no such alert here.');
  parts.alerts.book.forget();
  return presentAlertNow(parts, rule, rule.accountId);
}

/** Deletes a rule and what became of it. Done again it does nothing. */
export async function deleteAlert({ alerts }: AdminParts, reply: FastifyReply, id: string): Promise<FastifyReply> {
  await alerts.store.rules.delete(id);
  await alerts.store.forgetStates(id);
  alerts.book.forget();
  return reply.code(204).send();
}

function changeRule(rule: AlertRule, body: UpdateAlertBody): AlertRule | FieldError[] {
  const condition = readAlertTerms(rule.condition.kind, changeAlertTerms(rule.condition, body));
  if (Array.isArray(condition)) return condition;
  const { name, channels, ...rest } = rule;
  const named = body.name === undefined ? name : (body.name ?? undefined);
  const told = body.channels === undefined ? channels : (body.channels ?? undefined);
  return {
    ...rest,
    condition,
    ...(named === undefined ? {} : { name: named }),
    ...(told === undefined ? {} : { channels: told }),
    recovery: body.recovery ?? rule.recovery,
    quietMs: body.quiet_seconds === undefined ? rule.quietMs : body.quiet_seconds * 1_000,
    enabled: body.enabled ?? rule.enabled,
  };
}

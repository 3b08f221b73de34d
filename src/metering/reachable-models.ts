import type { MessagesRequest } from '../domain/call-request.ts';
import { findModel, modelLabels, type RateCard } from '../domain/rate-card.ts';

/** A choice left to the API, in place of a model's name. */
export const ANY_MODEL = 'default';

/** Names of the models that a call may be answered by, in part or in whole: its own, its fallbacks', its advisors'. */
export function listReachableModels({ model, fallbacks, tools }: MessagesRequest): string[] {
  if (fallbacks.length === 0 && tools.length === 0) return [model];
  const named = fallbacks === 'default' ? [ANY_MODEL] : fallbacks.map((fallback) => fallback.model);
  return [model, ...named, ...tools.flatMap((tool) => (tool.model === undefined ? [] : [tool.model]))];
}

/** Their ids and families, for quotas on models; `any` where the choice is left to the API. */
export function reachableLabels(card: RateCard, request: MessagesRequest): readonly string[] | 'any' {
  const names = listReachableModels(request);
  return names.includes(ANY_MODEL) ? 'any' : labelsOf(card, names);
}

/** Ids and families of these models. One that the card lacks has its name for a label. */
export function labelsOf(card: RateCard, names: Iterable<string>): string[] {
  const labels: string[] = [];
  for (const name of names) {
    const model = findModel(card, name);
    if (model === undefined) labels.push(name);
    else labels.push(...modelLabels(model));
  }
  return labels;
}

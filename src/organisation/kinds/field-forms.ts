import type { ApiRecord, Field, RecordEnd } from '../kind.ts';
import { readBoolean, readModels, readName, referenceField, sortModels } from '../read-fields.ts';
import type { Referable, Value } from '../value.ts';

/** A field that the admin API writes as the file does. */
export function plainField(name: string, read: Field['read'], more: Partial<Field> = {}): Field {
  return { name, read, fromApi: (record) => (record[name] ?? null) as Value, ...more };
}

/** Yes or no; an export leaves it out where it is as usual. */
export function flagField(name: string, usual: boolean, more: Partial<Field> = {}): Field {
  return plainField(name, readBoolean, { default: usual, isTerse: true, ...more });
}

export const nameField: Field = plainField('name', readName, { isRequired: true });

/** `team` of the file is `team_id` of the admin API. */
export function ownerField(refer: Referable): Field {
  const apiName = `${refer}_id`;
  return {
    name: refer,
    apiName,
    read: referenceField(refer),
    fromApi: (record) => (typeof record[apiName] === 'string' ? { refer, id: record[apiName] } : null),
    toApi: (value, idOf) => (value === null ? null : idOf(value)),
  };
}

export function modelsField(name: string): Field {
  return {
    name,
    read: readModels,
    fromApi: (record) => (Array.isArray(record[name]) ? sortModels(record[name] as string[]) : null),
  };
}

/** A status that says that a record has ended. */
export function endOfStatus({ status }: ApiRecord): RecordEnd | undefined {
  return status === 'expired' || status === 'revoked' || status === 'closed' ? status : undefined;
}

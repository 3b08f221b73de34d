import type { FastifyRequest } from 'fastify';
import type { Principal } from '../directory/directory.ts';
import type { PublicParts } from './public-parts.ts';
import type { Refusal } from './refusals.ts';

/** Files one request may refer to; the API takes 600 images. */
const FILES_AT_MOST = 1_000;

/** A file of another account must not be read through a prompt. @returns the refusal, where there is one; at once where there is no file. */
export function findForeignFile(
  { stored }: Pick<PublicParts, 'stored'>,
  { tollgate }: FastifyRequest,
  fileIds: readonly string[] = [],
): Refusal | undefined | Promise<Refusal | undefined> {
  if (fileIds.length === 0) return undefined;
  if (fileIds.length > FILES_AT_MOST) return { kind: 'malformed', reason: `more than ${FILES_AT_MOST} files` };
  return stored
    .findForeignFile((tollgate.principal as Principal).account.id, fileIds)
    .then((id) => (id === undefined ? undefined : { kind: 'file_not_found', id }));
}

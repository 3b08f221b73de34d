import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';

/** The frame of the OpenAPI 3.1 document; paths and components come from the routes' own schemas. */
export function openapiOptions(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tollgate admin API',
        version,
        description:
          'Accounts, credit, teams, members, keys, quotas and the journal. Money is a decimal dollar string with up to nine ' +
          'places, times are RFC 3339. Every write is idempotent under `Idempotency-Key`.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'accounts', description: 'Who owns credit.' },
        { name: 'grants', description: 'Credit, with its term and what it may pay for.' },
        { name: 'teams', description: 'Groups of members and keys.' },
        { name: 'members', description: 'People.' },
        { name: 'keys', description: 'Credentials for the Claude API behind the proxy.' },
        { name: 'tokens', description: 'Credentials for this API, each with a role and a scope.' },
        { name: 'alerts', description: 'What people are told, where, and how that fared.' },
        { name: 'audit', description: 'Who changed what.' },
        { name: 'quotas', description: 'What may be used in a minute, a month or in all.' },
        { name: 'auto-reload', description: 'Keeps the balance up by asking the payment side.' },
        { name: 'reports', description: 'What was used and what it cost, added up.' },
        { name: 'calls', description: 'What is in flight.' },
        { name: 'operations', description: 'How the process, its store and its upstream are.' },
        { name: 'journal', description: 'What happened to the money, entry by entry.' },
      ],
      components: {
        securitySchemes: {
          adminToken: { type: 'http', scheme: 'bearer', description: 'The admin token, or an access token.' },
        },
      },
      security: [{ adminToken: [] }],
    },
    refResolver: { buildLocalReference: (schema) => `${schema.$id}` },
  };
}

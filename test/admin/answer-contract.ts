import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { expect } from 'vitest';

// biome-ignore lint/suspicious/noExplicitAny: a JSON document.
type Document = any;

interface CheckedAnswer {
  status: number;
  headers: { readonly [name: string]: string };
  body: unknown;
}

export interface AnswerContract {
  /** Fails the test when an answer is not what the document says of its path, method and status. */
  check(method: string, url: string, answer: CheckedAnswer): void;
}

/** Holds answers against an OpenAPI document with a validator that is not the one the app runs on. */
export function createAnswerContract(document: Document): AnswerContract {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema({ $id: 'doc', components: document.components });
  return {
    check(method, url, answer) {
      const operation = findOperation(document, method, url);
      // What no path describes can only be refused.
      const response =
        operation === undefined ? refusalOnly(document, answer.status) : findResponse(operation, answer.status);
      expect(response, `${method} ${url} ${answer.status} is not in the document`).toBeDefined();
      const contentType = answer.headers['content-type']?.split(';')[0] ?? '';
      if (response.content === undefined) {
        expect(answer.body, 'the document says there is no body').toBeUndefined();
        return;
      }
      const media = response.content[contentType];
      expect(media, `${contentType} of ${method} ${url} ${answer.status} is not in the document`).toBeDefined();
      if (answer.body === undefined) return;
      const validate = ajv.compile(absoluteRefs(media.schema));
      const isValid = validate(answer.body);
      expect(isValid ? [] : validate.errors, `${method} ${url} ${answer.status}`).toEqual([]);
    },
  };
}

/** The templated path that a URL falls under. */
export function findOperation(document: Document, method: string, url: string): Document {
  const steps = new URL(url, 'http://localhost').pathname.split('/');
  const path = Object.keys(document.paths).find((template) => {
    const parts = template.split('/');
    return parts.length === steps.length && parts.every((part, index) => part.startsWith('{') || part === steps[index]);
  });
  return path === undefined ? undefined : document.paths[path][method.toLowerCase()];
}

function findResponse(operation: Document, status: number): Document {
  return operation.responses[`${status}`] ?? operation.responses[`${Math.floor(status / 100)}XX`];
}

function refusalOnly(document: Document, status: number): Document {
  expect(status).toBeGreaterThanOrEqual(400);
  const [anyPath] = Object.values<Document>(document.paths);
  return findResponse(Object.values<Document>(anyPath)[0], status);
}

function absoluteRefs(schema: Document): Document {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"doc#/'));
}

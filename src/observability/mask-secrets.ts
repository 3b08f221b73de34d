const MASK = '[secret]';

/** Credentials known by their shape: Anthropic's and our own keys, webhook secrets, authorization values, URL passwords. */
const SECRET_SHAPES: readonly [RegExp, string][] = [
  [/\bsk-ant-[\w-]{4,}/g, MASK],
  [/\btg_[\w-]{8,}/g, MASK],
  [/\bwhsec_[\w+/=-]{8,}/g, MASK],
  [/\b(bearer|basic)(\s+)[\w.~+/=-]{8,}/gi, `$1$2${MASK}`],
  [/(\b[a-z][a-z\d+.-]{0,20}:\/\/[^\s:@/?#"]*:)[^\s@/?#"]+@/gi, `$1${MASK}@`],
];

/** Names of fields whose value is a credential whatever it looks like. */
const SECRET_NAME =
  /^(x-)?(api[-_]?key|authorization|proxy-authorization|cookie|set-cookie)$|secret|password|passwd|token$/i;

/** Shorter values would mask ordinary words. */
const SHORTEST_SECRET_CHARACTERS = 8;

/** Whether a field of this name holds a credential. Counts of tokens (`input_tokens`) do not. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

export { MASK };

/**
 * Makes the function that every line passes on its way out.
 * @param secrets values that must never appear, such as the upstream key and the admin token.
 */
export function createSecretMask(secrets: readonly string[]): (text: string) => string {
  const forms = secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET_CHARACTERS)
    // A secret inside JSON may be escaped, inside a URL percent-encoded.
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]);
  const exact = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return (text) => {
    let masked = text;
    for (const form of exact) masked = masked.replaceAll(form, MASK);
    for (const [shape, replacement] of SECRET_SHAPES) masked = masked.replace(shape, replacement);
    return masked;
  };
}

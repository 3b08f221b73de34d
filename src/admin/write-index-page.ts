const LINKS = [
  ['/admin/v1/openapi.json', 'The admin API as an OpenAPI document'],
  ['/metrics', 'Metrics for Prometheus'],
  ['/readyz', 'Readiness'],
  ['/livez', 'Liveness'],
] as const;

/** The page at the root of the admin listener. `version` is ours and needs no escaping. */
export function writeIndexPage(version: string): string {
  const items = LINKS.map(([path, text]) => `<li><a href="${path}">${path}</a>: ${text}</li>`).join('\n');
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Tollgate admin</title></head>
<body>
<h1>Tollgate ${version}: admin listener</h1>
<ul>
${items}
</ul>
<p>Calls under <code>/admin/v1</code> need <code>Authorization: Bearer &lt;admin token&gt;</code>.
From a shell: <code>npx tollgate --help</code>.</p>
</body>
</html>
`;
}

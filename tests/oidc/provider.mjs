// A real OpenID Connect provider on a loopback port: `node provider.mjs FOLDER CLIENT SECRET REDIRECT`.
// FOLDER is where its libraries are. It prints its issuer when it listens. Its login page takes any login; what is
// typed becomes the subject. It ends with its standard input, so that it never outlives who started it.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, client_id, client_secret, redirect_uri] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(createRequire(`${folder}/package.json`).resolve("oidc-provider")));

const server = createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{ client_id, client_secret, redirect_uris: [redirect_uri], grant_types: ["authorization_code"] }],
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, name: "Somebody With A Name" }) }),
  interactions: { url: (_context, interaction) => `/login/${interaction.uid}` },
  cookies: { keys: ["only for tests"] },
});

const page = (uid) => `<!doctype html><html lang="en"><title>Provider</title><main><h1>Provider of the tests</h1>
<form method="post" action="/login/${uid}"><label>Login <input name="login" autofocus required></label>
<button name="choice" value="enter">Sign in</button> <button name="choice" value="leave" formnovalidate>Cancel</button>
</form></main></html>`;

async function body(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return new URLSearchParams(text);
}

/** What was typed, with a grant of the scope that was asked for; consent is given with the login. */
async function answered(request, response) {
  const details = await provider.interactionDetails(request, response);
  const typed = await body(request);
  if (typed.get("choice") === "leave") return { error: "access_denied", error_description: "left" };
  const accountId = typed.get("login");
  const grant = new provider.Grant({ accountId, clientId: details.params.client_id });
  grant.addOIDCScope("openid");
  return { login: { accountId, remember: false }, consent: { grantId: await grant.save() } };
}

const ours = provider.callback();
server.on("request", async (request, response) => {
  const uid = /^\/login\/([\w-]+)$/.exec(request.url)?.[1];
  if (!uid) return ours(request, response);
  if (request.method === "POST") return provider.interactionFinished(request, response, await answered(request, response));
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.end(page(uid));
});

process.stdin.on("end", () => process.exit(0)).resume();
console.log(issuer);

"use strict";

// Uses an API with Amplify JS: sends a query and a mutation, and subscribes. Prints a line of JSON
// for each result, for each event, and for each error.
//
// OUTPUTS=… MODE=apiKey|userPool|iam|oidc|lambda node amplify.cjs COGNITO_URL
//
// OUTPUTS is the content of amplify_outputs.json. With USERNAME and PASSWORD it signs in first:
// userPool sends that user's token, and iam signs with the identity pool's credentials for that
// user; without, with those for a guest. TOKEN is the JWT of oidc, or the Lambda authorizer's token.

const [cognitoUrl] = process.argv.slice(2);
const { OUTPUTS: outputs, MODE: authMode, TOKEN: token, USERNAME, PASSWORD } = process.env;

const WebSocket = require("ws");

// Amplify connects to wss:// only, but the emulator has no certificate.
globalThis.WebSocket = class extends WebSocket {
  constructor(url, protocols) {
    super(String(url).replace(/^wss:/, "ws:"), protocols);
  }
};

const { Amplify } = require("aws-amplify");
const { generateClient } = require("aws-amplify/api");
const { signIn } = require("aws-amplify/auth");
const { parseAmplifyConfig } = require("aws-amplify/utils");

const config = parseAmplifyConfig(JSON.parse(outputs));
config.API.GraphQL.defaultAuthMode = authMode;
config.Auth.Cognito.userPoolEndpoint = cognitoUrl;
config.Auth.Cognito.identityPoolEndpoint = cognitoUrl;
const jwt = { toString: () => token, payload: {} };
const tokenProvider = { getTokens: async () => ({ accessToken: jwt, idToken: jwt }) };
Amplify.configure(config, authMode === "oidc" ? { Auth: { tokenProvider } } : undefined);

const say = (line) => console.log(JSON.stringify(line));
const sayError = (error) => say({ error: String(error.errors?.[0]?.message ?? error) });

const client = generateClient();
const more = authMode === "lambda" ? { authToken: token } : {};
const execute = (query) => client.graphql({ query, ...more });

const main = async () => {
  if (USERNAME) await signIn({ username: USERNAME, password: PASSWORD });
  execute("subscription { onCreateItem { id name } }").subscribe({
    next: (event) => say({ event: event.data }),
    error: sayError,
  });
  say({ query: (await execute("{ me { username } }")).data });
  const mutation = 'mutation { createItem(key: "by-amplify", name: "milk") { id name } }';
  say({ mutation: (await execute(mutation)).data });
};

main().catch(sayError);
say({ ready: true });

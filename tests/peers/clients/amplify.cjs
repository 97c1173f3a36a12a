"use strict";

// Sends a query and subscribes with Amplify JS. Prints a line of JSON for the query's result, for
// each event, and for each error.
//
// MODE=userPool|oidc|lambda|apiKey|iam TOKEN=… node amplify.cjs GRAPHQL_URL REGION
//
// TOKEN is the JWT, the token of the Lambda authorizer or the API key; for iam it is a JSON object
// with accessKeyId, secretAccessKey and sessionToken.

const [graphqlUrl, region] = process.argv.slice(2);
const { TOKEN: token, MODE: authMode } = process.env;

const WebSocket = require("ws");

// Amplify connects to wss:// only, but the emulator has no certificate.
globalThis.WebSocket = class extends WebSocket {
  constructor(url, protocols) {
    super(String(url).replace(/^wss:/, "ws:"), protocols);
  }
};

const { Amplify } = require("aws-amplify");
const { generateClient } = require("aws-amplify/api");

const jwt = { toString: () => token, payload: {} };
const api = { endpoint: graphqlUrl, region, defaultAuthMode: authMode };
if (authMode === "apiKey") api.apiKey = token;
const auth =
  authMode === "iam"
    ? {
        credentialsProvider: {
          getCredentialsAndIdentityId: async () => ({ credentials: JSON.parse(token) }),
          clearCredentialsAndIdentityId: () => {},
        },
      }
    : { tokenProvider: { getTokens: async () => ({ accessToken: jwt, idToken: jwt }) } };
Amplify.configure({ API: { GraphQL: api } }, { Auth: auth });
const say = (line) => console.log(JSON.stringify(line));
const sayError = (error) => say({ error: String(error.errors?.[0]?.message ?? error) });

const client = generateClient();
const more = authMode === "lambda" ? { authToken: token } : {};
client
  .graphql({ query: "{ me { username } }", ...more })
  .then((result) => say({ query: result.data }))
  .catch(sayError);
client
  .graphql({ query: "subscription { onCreateItem { id name } }", ...more })
  .subscribe({ next: (event) => say(event.data), error: sayError });
say({ ready: true });

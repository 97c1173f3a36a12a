"use strict";

// Subscribes with Amplify JS. Prints a line of JSON for each event, and for each error.
//
// TOKEN=… node amplify.cjs GRAPHQL_URL REGION

const [graphqlUrl, region] = process.argv.slice(2);
const token = process.env.TOKEN;

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
Amplify.configure(
  { API: { GraphQL: { endpoint: graphqlUrl, region, defaultAuthMode: "userPool" } } },
  { Auth: { tokenProvider: { getTokens: async () => ({ accessToken: jwt, idToken: jwt }) } } },
);
const say = (line) => console.log(JSON.stringify(line));

generateClient()
  .graphql({ query: "subscription { onCreateItem { id name } }" })
  .subscribe({ next: (event) => say(event.data), error: (error) => say({ error: String(error.errors?.[0]?.message ?? error) }) });
say({ ready: true });

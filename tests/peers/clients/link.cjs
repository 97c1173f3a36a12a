"use strict";

// Subscribes with aws-appsync-subscription-link and Apollo Client. Prints a line of JSON for
// each event, and one when the subscription is active or fails.
//
// TOKEN=… node link.cjs GRAPHQL_URL REGION

const [graphqlUrl, region] = process.argv.slice(2);
const token = process.env.TOKEN;

globalThis.WebSocket = require("ws");

const { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } = require("@apollo/client");
const { createAuthLink } = require("aws-appsync-auth-link");
const { createSubscriptionHandshakeLink } = require("aws-appsync-subscription-link");

const settings = {
  url: graphqlUrl,
  region,
  auth: { type: "AMAZON_COGNITO_USER_POOLS", jwtToken: async () => token },
};
const http = new HttpLink({ uri: graphqlUrl });
const client = new ApolloClient({
  link: ApolloLink.from([createAuthLink(settings), createSubscriptionHandshakeLink(settings, http)]),
  cache: new InMemoryCache(),
});
const say = (line) => console.log(JSON.stringify(line));

client
  .subscribe({ query: gql("subscription { onCreateItem { id name } }") })
  .subscribe({ next: (event) => say(event.data), error: (error) => say({ error: String(error) }) });
say({ ready: true });

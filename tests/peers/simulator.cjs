"use strict";

// Runs Amplify's AppSync simulator on a free port of loopback and prints one
// line of JSON with its URL. Cognito user pools are the default mode, an API
// key and IAM are additional ones.

const {
  AmplifyAppSyncSimulator,
  RESOLVER_KIND,
} = require("@aws-amplify/amplify-appsync-simulator");

const apiKey = process.argv[2];

const schema = `
  type Query {
    hello(name: String!): String!
    me: String @aws_cognito_user_pools
    secret: String @aws_cognito_user_pools(cognito_groups: ["Admins"])
    runs(key: ID!): Int! @aws_cognito_user_pools @aws_api_key
    machine: String @aws_iam
  }
  type Mutation {
    add(key: ID!): Int! @aws_cognito_user_pools @aws_iam
    addAsAdmin(key: ID!): Int @aws_cognito_user_pools(cognito_groups: ["Admins"])
  }
  type Subscription {
    added: Int
      @aws_subscribe(mutations: ["add"])
      @aws_cognito_user_pools
      @aws_iam
  }
`;

// How often a mutation's resolver ran, by the key that the test chose.
const runs = new Map();

function invoke({ field, key }) {
  if (field !== "runs") {
    runs.set(key, (runs.get(key) ?? 0) + 1);
  }
  return runs.get(key) ?? 0;
}

function resolver(typeName, fieldName, dataSourceName, request, response) {
  return {
    kind: RESOLVER_KIND.UNIT,
    typeName,
    fieldName,
    dataSourceName,
    requestMappingTemplate: JSON.stringify(request),
    responseMappingTemplate: response,
  };
}

const none = (fieldName, response) =>
  resolver("Query", fieldName, "none", { version: "2018-05-29", payload: {} }, response);

const counting = (typeName, fieldName) =>
  resolver(
    typeName,
    fieldName,
    "counter",
    {
      version: "2018-05-29",
      operation: "Invoke",
      payload: { field: fieldName, key: "$context.arguments.key" },
    },
    "$util.toJson($context.result)",
  );

const simulator = new AmplifyAppSyncSimulator({ port: 0 });
simulator.init({
  schema: { content: schema },
  appSync: {
    name: "peer",
    apiKey,
    defaultAuthenticationType: {
      authenticationType: "AMAZON_COGNITO_USER_POOLS",
      cognitoUserPoolConfig: {},
    },
    additionalAuthenticationProviders: [
      { authenticationType: "API_KEY" },
      { authenticationType: "AWS_IAM" },
    ],
  },
  dataSources: [
    { name: "none", type: "NONE" },
    { name: "counter", type: "AWS_LAMBDA", invoke },
  ],
  resolvers: [
    none("hello", '$util.toJson("Hello $context.arguments.name")'),
    none("me", "$util.toJson($context.identity.username)"),
    none("machine", '$util.toJson("signed")'),
    none("secret", '$util.toJson("the vault is open")'),
    counting("Query", "runs"),
    counting("Mutation", "add"),
    counting("Mutation", "addAsAdmin"),
  ],
});

// The simulator has no option for the host and would listen on all interfaces. This
// replacement of listen() uses a free port of loopback instead.
const server = simulator._server._httpServer;
const listen = server.listen.bind(server);
server.listen = () => listen(0, "127.0.0.1");

simulator.start().then(() => {
  const { address, port } = server.address();
  console.log(JSON.stringify({ url: `http://${address}:${port}/graphql` }));
});

"use strict";

// Signs in with Amplify JS, once or several times. Prints a line of JSON for each step that Amplify
// asks for, and at the end who the API says that the user is, or the error.
//
// OUTPUTS=… SIGN_IN=… ANSWERS=… node sign_in.cjs COGNITO_URL
//
// OUTPUTS is the content of amplify_outputs.json. SIGN_IN is the input of signIn. ANSWERS is a list
// of lists: for each sign-in, the answers to its steps. "totp" is the code that belongs to the
// secret which Amplify shows for the set-up of an authenticator application.

const { createHmac } = require("node:crypto");
const { setTimeout: sleep } = require("node:timers/promises");

const [cognitoUrl] = process.argv.slice(2);
const [outputs, input, answers] = ["OUTPUTS", "SIGN_IN", "ANSWERS"].map((name) =>
  JSON.parse(process.env[name]),
);

// Amplify names a new device after the browser, which Node lacks before version 21.
globalThis.navigator ??= { userAgent: "Node" };

const { Amplify } = require("aws-amplify");
const { generateClient } = require("aws-amplify/api");
const { confirmSignIn, fetchAuthSession, signIn, signOut } = require("aws-amplify/auth");
const { parseAmplifyConfig } = require("aws-amplify/utils");

const config = parseAmplifyConfig(outputs);
config.API.GraphQL.defaultAuthMode = "userPool";
config.Auth.Cognito.userPoolEndpoint = cognitoUrl;
Amplify.configure(config);

const say = (line) => console.log(JSON.stringify(line));
const STEP_MS = 30_000;

// RFC 6238, with the usual settings.
const totp = async (secret) => {
  const left = STEP_MS - (Date.now() % STEP_MS);
  if (left < 2_000) await sleep(left); // the code would change on its way
  const bits = [...secret.replace(/=+$/, "")]
    .map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / STEP_MS)));
  const digest = createHmac("sha1", key).update(counter).digest();
  const number = digest.readUInt32BE(digest.at(-1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
};

const signInOnce = async (given) => {
  let { isSignedIn, nextStep } = await signIn(input);
  for (const answer of given) {
    say({ step: nextStep.signInStep });
    const secret = nextStep.totpSetupDetails?.sharedSecret;
    const challengeResponse = answer === "totp" ? await totp(secret) : answer;
    try {
      ({ isSignedIn, nextStep } = await confirmSignIn({ challengeResponse }));
    } catch (error) {
      if (error.name !== "CodeMismatchException") throw error;
      say({ refused: error.name }); // the next answer is for the same step
    }
  }
  if (!isSignedIn) throw new Error(`not signed in, but at ${nextStep.signInStep}`);
  const { data } = await generateClient().graphql({ query: "{ me { username } }" });
  const { tokens } = await fetchAuthSession({ forceRefresh: true });
  say({ me: data.me.username, refreshed: tokens.accessToken.payload.username });
};

const main = async () => {
  for (const given of answers) {
    await signInOnce(given);
    await signOut();
  }
  say({ done: true });
};

say({ ready: true });
main().catch((error) => say({ error: String(error), name: error.name }));

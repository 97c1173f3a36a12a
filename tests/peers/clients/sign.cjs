"use strict";

// Signs a GraphQL request as AWS's own JavaScript SDK does, and sends it.
//
// Arguments: the GraphQL URL and the region. TOKEN has the credentials, QUERY the query, and
// HEADERS further headers, all but QUERY as JSON. One line of JSON has the status and the body.

const { SignatureV4 } = require("@smithy/signature-v4");
const { Sha256 } = require("@aws-crypto/sha256-js");

async function main() {
  const [, , url, region] = process.argv;
  const { hostname, port, protocol, pathname, host } = new URL(url);
  const body = JSON.stringify({ query: process.env.QUERY });
  const signer = new SignatureV4({
    credentials: JSON.parse(process.env.TOKEN),
    region,
    service: "appsync",
    sha256: Sha256,
  });
  const request = await signer.sign({
    method: "POST",
    protocol,
    hostname,
    port: Number(port),
    path: pathname,
    headers: {
      host,
      "content-type": "application/json",
      ...JSON.parse(process.env.HEADERS || "{}"),
    },
    body,
  });
  console.log(JSON.stringify({ ready: true }));
  delete request.headers.host;
  const response = await fetch(url, { method: "POST", headers: request.headers, body });
  console.log(JSON.stringify({ status: response.status, body: await response.json() }));
}

main().catch((error) => console.log(JSON.stringify({ error: String(error) })));

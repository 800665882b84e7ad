// client - what an unmodified @aws-sdk/client-sesv2 sees; prints JSON
//
//     node client.mjs DOMAIN DIRECTORY-OF-node_modules

import { createRequire } from "node:module";
import path from "node:path";

const [domain, modules] = process.argv.slice(2);
const load = createRequire(path.join(path.resolve(modules), "x.js"));
const sdk = load("@aws-sdk/client-sesv2");

const client = new sdk.SESv2Client({
  endpoint: process.env.SESAME_ENDPOINT,
  region: process.env.SESAME_REGION,
});

function message(from) {
  return new sdk.SendEmailCommand({
    FromEmailAddress: from,
    Destination: { ToAddresses: ["js@rcpt.example"] },
    Content: { Simple: { Subject: { Data: "from JavaScript" },
                         Body: { Text: { Data: "Hello" } } } },
  });
}

async function failure(command) {
  try {
    await client.send(command);
  } catch (error) {
    return error;
  }
  throw new Error("no error");
}

const told = {};
const sent = await client.send(message("s@" + domain));
told.messageId = sent.MessageId;
told.requestId = sent.$metadata.requestId;

const refused = await failure(message("s@not-verified.example"));
told.refused = refused.name;
told.isMessageRejected = refused instanceof sdk.MessageRejected;
told.missing = (await failure(new sdk.GetEmailIdentityCommand({
  EmailIdentity: "a+b/c%@nobody.example" }))).name;

const raw = await client.send(new sdk.SendEmailCommand({
  Content: { Raw: { Data: Buffer.from(
    `From: s@${domain}\r\nTo: jsraw@rcpt.example\r\nSubject: raw\r\n\r\nx\r\n`) } },
}));
told.raw = raw.MessageId;

const own = "js.example";
const made = await client.send(new sdk.CreateEmailIdentityCommand({
  EmailIdentity: own, Tags: [{ Key: "by", Value: "js" }] }));
told.tokens = made.DkimAttributes.Tokens.length;
told.twice = (await failure(new sdk.CreateEmailIdentityCommand({
  EmailIdentity: own }))).name;
told.tags = (await client.send(new sdk.GetEmailIdentityCommand({
  EmailIdentity: own }))).Tags;
await client.send(new sdk.DeleteEmailIdentityCommand({ EmailIdentity: own }));
told.gone = (await failure(new sdk.GetEmailIdentityCommand({
  EmailIdentity: own }))).name;

told.identities = (await client.send(new sdk.ListEmailIdentitiesCommand({})))
  .EmailIdentities.map((one) => one.IdentityName);
told.sets = (await client.send(new sdk.ListConfigurationSetsCommand({})))
  .ConfigurationSets;
const identity = await client.send(new sdk.GetEmailIdentityCommand({
  EmailIdentity: domain }));
told.when = identity.DkimAttributes.LastKeyGenerationTimestamp.toISOString();
told.sent24 = (await client.send(new sdk.GetAccountCommand({})))
  .SendQuota.SentLast24Hours;
console.log(JSON.stringify(told));

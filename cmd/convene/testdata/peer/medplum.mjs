// A peer that is not ours: sends the messages of a file by @medplum/hl7, one after the other, prints what each is
// acknowledged with, and listens for answers, of which it prints the type and what they acknowledge.
//
//   node medplum.mjs <port to send to> <port to listen on> <file of messages, apart by an empty line> <answers to wait for>
import { Hl7Message } from "@medplum/core";
import { Hl7Client, Hl7Server } from "@medplum/hl7";
import { readFileSync } from "node:fs";

const [to, from, file, answers] = process.argv.slice(2);
let heard = 0;
const done = Promise.withResolvers?.() ?? (() => {
  const d = {};
  d.promise = new Promise((resolve) => { d.resolve = resolve; });
  return d;
})();
const server = new Hl7Server((connection) => connection.addEventListener("message", ({ message }) => {
  const type = message.getSegment("MSH").getField(9).toString();
  console.log(`heard ${type} ${message.getSegment("MSA")?.getField(1)} ${message.getSegment("MSA")?.getField(2)} ${message.getSegment("RF1")?.getField(1)}`);
  connection.send(message.buildAck());
  if (++heard === Number(answers)) done.resolve();
}));
server.start(Number(from));

const client = new Hl7Client({ host: "127.0.0.1", port: Number(to) });
for (const text of readFileSync(file, "utf8").trim().split("\n\n")) {
  const reply = await client.sendAndWait(Hl7Message.parse(text.replaceAll("\n", "\r")));
  console.log(`acknowledged ${reply.getSegment("MSA").getField(1)} ${reply.getSegment("MSA").getField(2)}`);
}
await done.promise;
await client.close();
await server.stop();

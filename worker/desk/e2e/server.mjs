// A real `convene run` on one network, with people of every role.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const convene = process.env.CONVENE ?? "convene";

const freePort = () => new Promise((resolve) => {
  const s = createServer().listen(0, "127.0.0.1", () => {
    const { port } = s.address();
    s.close(() => resolve(port));
  });
});

const day = (offset) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);

// A group with one seat, so that the second waits; one that makes offers; one that began and meets daily.
const catalog = () => `
network: north
zone: America/New_York
validFrom: ${day(-14)}
organization: {name: North Network, identifier: {system: "http://hl7.org/fhir/sid/us-npi", value: "1000000004"}}
sources: [{name: clinic, production: true}]
assigners: [{system: "https://ids.north.example/mpi"}]
sites: [{id: hall, name: Community Hall, address: {city: Boston, state: MA, postalCode: "02118"}}]
leaders:
  - {id: lena, family: Lead, given: [Lena], type: professional, licences: [{title: RN, state: MA, to: 2049-12-31}]}
  - {id: omar, family: Other, given: [Omar], type: professional, licences: [{title: RN, state: MA, to: 2049-12-31}]}
programs:
  - {id: copd-ed, name: Living with COPD, kind: education, conditions: [copd], goals: [skill-building]}
  - {id: walk, name: Walking together, kind: exercise-rehab, conditions: [hypertension], attendance: expected}
  - {id: pain, name: Pain skills, kind: skills, conditions: [chronic_pain], goals: [coping-strategies], acceptance: offer}
groups:
  - {id: copd-1, program: copd-ed, name: Living with COPD on Mondays, leader: omar, seats: {min: 1, max: 1}, enrolment: rolling, mode: in-person, site: hall, sessions: {start: ${day(7)}, time: "17:00", count: 30}}
  - {id: walk-1, program: walk, name: Walking every day, leader: lena, seats: {min: 2, max: 6}, enrolment: rolling, mode: in-person, site: hall, sessions: {start: ${day(-14)}, time: "00:01", every: daily, count: 60}}
  - {id: pain-1, program: pain, leader: omar, seats: {min: 1, max: 6}, enrolment: closed, mode: in-person, site: hall, sessions: {start: ${day(9)}, time: "10:00", count: 8}}
`;

const people = `
- {id: vera, name: Vera Voss, role: viewer}
- {id: ana, name: Ana Ruiz, role: coordinator}
- {id: bo, name: Bo Li, role: coordinator}
- {id: sam, name: Sam Supra, role: supervisor}
- {id: lena, name: Lena Lead, role: leader, leader: lena}
`;

export class Server {
  // start a worker with its desk. People come in by links, or, with oidc, at that provider.
  static async start(oidc) {
    const s = new Server();
    s.oidc = oidc;
    s.folder = mkdtempSync(join(tmpdir(), "convene-desk-"));
    s.data = join(s.folder, "data");
    writeFileSync(join(s.folder, "north.yaml"), catalog());
    writeFileSync(join(s.folder, "people.yaml"), people);
    if (oidc) {
      writeFileSync(join(s.folder, "secret"), oidc.secret);
      writeFileSync(join(s.folder, "oidc.yaml"), `issuer: ${oidc.issuer}\nclient: ${oidc.client}\nsecretFile: secret\ngrants:${oidc.grants}\n`);
    }
    s.port = await freePort();
    s.url = `http://127.0.0.1:${s.port}`;
    s.sent = 0;
    await s.run();
    return s;
  }

  // run starts the process and waits for the links, or the address, which are printed once the pages answer.
  run() {
    this.links = {};
    this.said = "";
    this.process = spawn(convene, ["run", "--data", this.data, "--catalog", join(this.folder, "north.yaml"), "--port", "0", "--ops=",
      "--desk", `127.0.0.1:${this.port}`, ...(this.oidc ? ["--desk-oidc", join(this.folder, "oidc.yaml")] : ["--people", join(this.folder, "people.yaml")])]);
    this.process.stderr.on("data", (b) => { this.said += b; });
    return new Promise((resolve, reject) => {
      this.process.once("exit", () => reject(new Error(this.said)));
      this.process.stdout.on("data", (b) => {
        this.said += b;
        for (const [, name, link] of this.said.matchAll(/desk for (\w+) .*?(http:\S+)/g)) this.links[name.toLowerCase()] = link;
        if (this.oidc ? this.said.includes(this.url) : Object.keys(this.links).length === 5) resolve();
      });
    });
  }

  stop() {
    return new Promise((resolve) => {
      this.process.removeAllListeners("exit");
      this.process.once("exit", resolve);
      this.process.kill("SIGINT");
    });
  }

  // send stores a referral and returns its key. The command ends when it is stored.
  send(family, code, text = "", ...more) {
    const n = String(++this.sent);
    const file = join(this.folder, `e${n}.json`);
    writeFileSync(file, JSON.stringify({
      specversion: "1.0", id: `e${n}`, source: "urn:clinic", type: "convene.referral.created", time: new Date().toISOString(),
      data: { referral: {
        identifier: { system: "https://clinic.example/orders", value: n },
        patient: { identifiers: [{ system: "https://ids.north.example/mpi", value: n }], name: { family, given: ["Testa"] },
          birthDate: `196${n % 10}-05-05`, gender: "female", address: { state: "MA", postalCode: "02118" } },
        conditions: [code, ...more].map((c) => ({ codes: [{ system: "http://hl7.org/fhir/sid/icd-10-cm", code: c }] })), notes: text ? [text] : undefined,
      } },
    }));
    const sent = spawnSync(convene, ["send", "--data", this.data, "--network", "north", "--source", "clinic", file], { encoding: "utf8" });
    if (sent.status !== 0) throw new Error(sent.stderr);
    return "r" + sent.stdout.match(/^REFERRALS-north  (\d+)/m)[1];
  }

  async end() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// A small OpenID provider (code flow with PKCE, ES256): its page lists people, and who is chosen is signed in.
import { createHash, createSign, generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";

const encoded = (v) => Buffer.from(typeof v === "string" ? v : JSON.stringify(v)).toString("base64url");

export class Issuer {
  // people by name: what their ID token claims beside issuer, audience, times and nonce, which they may replace.
  static start(people, client, secret) {
    const i = new Issuer();
    Object.assign(i, { people, client, secret, codes: {}, keys: generateKeyPairSync("ec", { namedCurve: "P-256" }) });
    i.server = createServer((request, response) => i.serve(request, response));
    return new Promise((resolve) => i.server.listen(0, "127.0.0.1", () => {
      i.url = `http://127.0.0.1:${i.server.address().port}`;
      resolve(i);
    }));
  }

  async serve(request, response) {
    const url = new URL(request.url, this.url);
    const json = (v, status = 200) => response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(v));
    switch (url.pathname) {
      case "/.well-known/openid-configuration":
        return json({ issuer: this.url, authorization_endpoint: this.url + "/auth", token_endpoint: this.url + "/token", jwks_uri: this.url + "/keys", id_token_signing_alg_values_supported: ["ES256"] });
      case "/keys":
        return json({ keys: [{ ...this.keys.publicKey.export({ format: "jwk" }), kid: "1", alg: "ES256", use: "sig" }] });
      case "/auth":
        return response.writeHead(200, { "Content-Type": "text/html" }).end(`<!doctype html><html lang="en"><title>Clinic sign-in</title><main><h1>Clinic sign-in</h1>${
          Object.keys(this.people).map((name) => `<p><a href="/chosen?${new URLSearchParams({ ...Object.fromEntries(url.searchParams), name })}">${name}</a></p>`).join("")}</main>`);
      case "/chosen": {
        const asked = Object.fromEntries(url.searchParams), code = randomUUID();
        if (asked.client_id !== this.client || asked.response_type !== "code" || asked.code_challenge_method !== "S256") return json({ error: "invalid_request" }, 400);
        this.codes[code] = asked;
        return response.writeHead(302, { Location: `${asked.redirect_uri}?${new URLSearchParams({ code, state: asked.state })}` }).end();
      }
      case "/token": {
        let body = "";
        for await (const part of request) body += part;
        return json(...this.redeem(new URLSearchParams(body), request.headers.authorization));
      }
    }
    response.writeHead(404).end();
  }

  redeem(form, authorization = "") {
    const asked = this.codes[form.get("code")];
    delete this.codes[form.get("code")];
    const [id, secret] = authorization ? Buffer.from(authorization.split(" ")[1], "base64").toString().split(":").map((v) => decodeURIComponent(v.replaceAll("+", " "))) : [form.get("client_id"), form.get("client_secret")];
    const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
    if (!asked || id !== this.client || secret !== this.secret || challenge !== asked.code_challenge) return [{ error: "invalid_grant" }, 400];
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: this.url, aud: this.client, iat: now, exp: now + 60, nonce: asked.nonce, ...this.people[asked.name] };
    const signed = `${encoded({ alg: "ES256", kid: "1" })}.${encoded(claims)}`;
    const signature = createSign("sha256").update(signed).sign({ key: this.keys.privateKey, dsaEncoding: "ieee-p1363" });
    return [{ access_token: "x", token_type: "Bearer", id_token: `${signed}.${signature.toString("base64url")}` }];
  }

  end() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

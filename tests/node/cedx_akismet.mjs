// Asks the service with the client @cedx/akismet, and prints what it says as JSON.
import { readFileSync } from "node:fs";
import { Author, Blog, Client, Comment } from "@cedx/akismet";

const { port, key, spam, ordinary } = JSON.parse(readFileSync(0, "utf8"));
const blog = new Blog({ url: "https://news.example/", charset: "UTF-8", languages: ["en", "fr"] });
const client = (withKey, options) => new Client(withKey, blog, { baseUrl: `http://127.0.0.1:${port}`, ...options });
const comment = (name, content, role = "") =>
  new Comment({
    author: new Author({ name, role, email: `${name}@example.org`, ipAddress: "192.0.2.7", userAgent: "Mozilla/5.0" }),
    content,
    context: ["bridges", "trams"],
    date: new Date(),
    permalink: "https://news.example/bridge",
    postModified: new Date(0),
    referrer: "https://search.example/",
    type: "comment",
  });

const good = client(key);
const [spammer, reader] = [comment("kelly2", spam), comment("ann2", ordinary)];
const said = {
  verified: await good.verifyKey(),
  spam: await good.checkComment(spammer),
  ordinary: await good.checkComment(reader),
  staff: await good.checkComment(comment("cay2", spam, "administrator")),
  test: await client(key, { isTest: true }).checkComment(comment("dee2", spam)),
};
await good.submitSpam(reader);
await good.submitHam(spammer);
said.spam_after = await good.checkComment(spammer);
said.ordinary_after = await good.checkComment(reader);
said.wrong_verified = await client("0123456789ab").verifyKey();
said.wrong = await client("0123456789ab").checkComment(spammer).catch((error) => error.message);
console.log(JSON.stringify(said));

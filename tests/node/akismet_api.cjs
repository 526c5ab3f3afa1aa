// Asks the service with the client akismet-api, and prints what it says as JSON.
const { AkismetClient } = require("akismet-api");

const { port, key, spam, ordinary } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const told = { ip: "192.0.2.7", useragent: "Mozilla/5.0", permalink: "https://news.example/bridge" };
const client = (with_key) =>
  new AkismetClient({ key: with_key, blog: "https://news.example/", host: `moderation.test:${port}`, protocol: "http" });

(async () => {
  const good = client(key);
  const said = {
    verified: await good.verifyKey(),
    spam: await good.checkSpam({ ...told, name: "kelly", content: spam }),
    ordinary: await good.checkSpam({ ...told, name: "Ann", email: "ann@example.org", content: ordinary }),
    trapped: await good.checkSpam({ ...told, name: "Bea", content: ordinary, honeypot: "filled in" }),
    staff: await good.checkSpam({ ...told, name: "Cay", content: spam, role: "administrator" }),
    spam_submitted: (await good.submitSpam({ ...told, name: "Ann", email: "ann@example.org", content: ordinary })).text,
    ham_submitted: (await good.submitHam({ ...told, name: "kelly", content: spam })).text,
    spam_again: await good.checkSpam({ ...told, name: "kelly", content: spam }),
    wrong_verified: await client("0123456789ab").verifyKey(),
    wrong: await client("0123456789ab").checkSpam(told).catch((error) => error.message),
  };
  console.log(JSON.stringify(said));
})();

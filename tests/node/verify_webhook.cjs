// Verifies a request from the standard input with the library that publications use, and prints its type.
const { Webhook } = require("standardwebhooks");

const { secret, headers, body } = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(new Webhook(secret).verify(body, headers).type);

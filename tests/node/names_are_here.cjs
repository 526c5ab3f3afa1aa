// Every name stands for this machine, as the DNS of a publication would say of KEY.HOST.
const dns = require("dns");

dns.lookup = (name, options, done) => {
  const callback = done ?? options;
  process.nextTick(() => (options.all ? callback(null, [{ address: "127.0.0.1", family: 4 }]) : callback(null, "127.0.0.1", 4)));
};

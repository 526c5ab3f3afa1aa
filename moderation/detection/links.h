/* What signals.c asks of links.c; it stands behind kernels.h. */

enum { PHONE, LONG_CODE, MENTION, MARKUP, NUMBERED_NAME, CONTACTS };

int64_t find_links(const struct folded *folded, const struct domains *domains, int64_t text, struct link *links);
void find_contacts(const struct folded *folded, int64_t text, int64_t places[CONTACTS][2]);

/* classify.c - names, providers, templates and verdicts, each worked out once; see classify.h. */
#include "classify.h"

#include <arpa/inet.h>

#include "bouncemill/blocklist.h"
#include "bouncemill/error.h"
#include "bouncemill/provider.h"
#include "bouncemill/text.h"
#include "anonymize.h"
#include "hash.h"
#include "idn.h"
#include "subject.h"

enum {
	DOMAIN_BYTES_MAX = 256, /* RFC 5321 4.5.3.1.2 allows 255; longer ones are cut */
	RELAY_BYTES_MAX = 512,
	ADDRESS_BYTES_MAX = 512,
	REPLY_TEXT_BYTES_MAX = 4096, /* of a failure's text that is looked at */
	MET_ROOM = 1 << 13,
	MET_ADDRESS_BYTES_MAX = 80
};

#define NONE UINT32_MAX

/* What is known of one relay or domain, by its number in the tally; NONE = not yet. */
struct memo {
	uint32_t *providers;
	uint32_t count, room;
};

/* A failure text met before, but for the recipient in it. */
struct met {
	uint64_t hash; /* of the text without the recipient, and of what else decides */
	uint32_t template, provider, listing;
};

struct bm_classifier {
	struct bm_tally *tally;
	const struct bm_rules *rules;
	struct bm_rules_scratch *scratch;
	struct memo domains, hosts;
	struct memo voices;       /* by provider: whose name its templates bear, see voice_of */
	struct bm_intern *scopes; /* providers that rules are for */
	struct bm_intern *spoken; /* hosts that texts name, for the memo of the same numbers */
	struct bm_text name;      /* of a template: provider NUL evidence NUL masked text */
	struct bm_text address;
	struct bm_text decoded;    /* a text that came in GB18030 */
	struct bm_text impersonal; /* a text without its recipient */
	bool addresses;
	struct bm_anonymizer *anonymizer; /* NULL = addresses are shown */
	struct met *met;                  /* MET_ROOM, by hash */
	struct bm_subjects *subjects;     /* NULL until a subject is told */
};

struct bm_classifier *bm_classifier_new(struct bm_tally *tally, const struct bm_rules *rules,
					bool addresses, struct bm_bytes anonymize_key)
{
	struct bm_classifier *const classifier = bm_zalloc(1, sizeof *classifier);
	classifier->tally = tally;
	classifier->rules = rules;
	classifier->scratch = bm_rules_scratch_new(rules);
	classifier->addresses = addresses;
	if (anonymize_key.size)
		classifier->anonymizer = bm_anonymizer_new(anonymize_key);
	classifier->spoken = bm_intern_new();
	classifier->scopes = bm_intern_new();
	for (uint32_t i = 0; i < bm_rules_count(rules); i++)
		bm_intern_add(classifier->scopes, bm_bytes_of(bm_rules_get(rules, i)->scope));
	classifier->met = bm_zalloc(MET_ROOM, sizeof *classifier->met);
	return classifier;
}

void bm_classifier_free(struct bm_classifier *classifier)
{
	if (classifier == NULL)
		return;
	bm_rules_scratch_free(classifier->scratch);
	bm_free(classifier->domains.providers);
	bm_free(classifier->hosts.providers);
	bm_free(classifier->voices.providers);
	bm_intern_free(classifier->spoken);
	bm_intern_free(classifier->scopes);
	bm_free(classifier->met);
	bm_subjects_free(classifier->subjects);
	bm_anonymizer_free(classifier->anonymizer);
	bm_text_dispose(&classifier->name);
	bm_text_dispose(&classifier->address);
	bm_text_dispose(&classifier->decoded);
	bm_text_dispose(&classifier->impersonal);
	bm_free(classifier);
}

/* memo_at - the remembered provider of a number */
static inline uint32_t *memo_at(struct memo *memo, uint32_t number)
{
	while (number >= memo->count) {
		BM_GROW(memo->providers, memo->count, memo->room);
		memo->providers[memo->count++] = NONE;
	}
	return &memo->providers[number];
}

/* lower8 - eight bytes in lower case: a byte is a capital when adding carries it over 'A' but not
 * over 'Z' */
static inline uint64_t lower8(uint64_t word)
{
	const uint64_t low = word & 0x7f7f7f7f7f7f7f7fu;
	const uint64_t over_a = low + 0x3f3f3f3f3f3f3f3fu, over_z = low + 0x2525252525252525u;
	return word | ((over_a & ~over_z & ~word & 0x8080808080808080u) >> 2);
}

/* lower - copy run in lower case (ASCII) into buffer of max bytes, a multiple of 8; returns what
 * fits */
static inline struct bm_bytes lower(struct bm_bytes run, uint8_t *buffer, size_t max)
{
	const size_t size = run.size < max ? run.size : max;
	size_t i = 0;
	for (; i + 8 <= size; i += 8) {
		const uint64_t word = lower8(bm_load64(run.data + i));
		memcpy(buffer + i, &word, sizeof word);
	}
	if (size >= 8) { /* the last word overlaps the one before */
		const uint64_t word = lower8(bm_load64(run.data + size - 8));
		memcpy(buffer + size - 8, &word, sizeof word);
		i = size;
	}
	for (; i < size; i++)
		buffer[i] = bm_lower(run.data[i]);
	return (struct bm_bytes){buffer, size};
}

/* last_at - offset behind the last @, or 0 */
static inline size_t last_at(struct bm_bytes address)
{
	const size_t at = bm_bytes_find_last(address, '@');
	return at < address.size ? at + 1 : 0;
}

/* domain_of - the part behind the last @, lower case, as A-labels, without a trailing dot; buffer
 * holds it */
static inline struct bm_bytes domain_of(struct bm_bytes address, uint8_t buffer[DOMAIN_BYTES_MAX])
{
	const size_t at = last_at(address);
	if (at == 0)
		return (struct bm_bytes){buffer, 0};
	struct bm_bytes domain = lower(bm_bytes_from(address, at), buffer, DOMAIN_BYTES_MAX);
	while (domain.size && domain.data[domain.size - 1] == '.')
		domain.size--;
	return bm_idn_ascii(domain, buffer, DOMAIN_BYTES_MAX);
}

/* --- providers --- */

/* provider_number - the tally's number of host's provider: known by name, or its registrable domain
 */
static uint32_t provider_number(struct bm_classifier *classifier, struct bm_bytes host)
{
	const struct bm_bytes known = bm_provider_known(host);
	const uint32_t number = bm_tally_provider(
		classifier->tally, known.size ? known : bm_provider_registrable(host));
	if (known.size)
		*memo_at(&classifier->voices, number) = number;
	return number;
}

/* is_address - an IP literal tells no provider */
static bool is_address(struct bm_bytes host)
{
	for (size_t i = 0; i < host.size; i++)
		if (host.data[i] != '.' && (uint8_t)(host.data[i] - '0') > 9)
			return bm_bytes_find(host, 0, ':') < host.size;
	return true;
}

/* is_named_host - a host name of the world: no address, and more than one label */
static bool is_named_host(struct bm_bytes host)
{
	return bm_bytes_find(host, 0, '.') < host.size && !is_address(host);
}

static uint32_t domain_provider(struct bm_classifier *classifier, uint32_t domain)
{
	uint32_t *const known = memo_at(&classifier->domains, domain);
	if (*known == NONE)
		*known = provider_number(classifier,
					 bm_intern_get(classifier->tally->domains, domain));
	return *known;
}

/* relay_provider - the provider of the host we spoke to; of the recipient's domain when it was our
 * own */
static uint32_t relay_provider(struct bm_classifier *classifier, const struct bm_event *event,
			       const struct bm_fact *fact)
{
	struct bm_relay_record *const relay = bm_tally_relay_at(classifier->tally, fact->relay);
	if (relay->provider == 0) {
		uint8_t buffer[DOMAIN_BYTES_MAX];
		const struct bm_bytes host = lower(event->relay, buffer, sizeof buffer);
		const bool named = is_named_host(host) && !event->relay_near;
		relay->provider = named ? provider_number(classifier, host) + 1 : UINT32_MAX;
	}
	return relay->provider == UINT32_MAX ? domain_provider(classifier, fact->domain)
					     : relay->provider - 1;
}

/* words_provider - who the text's own words betray: of a server's reply without its frame, as in a
 * bounce mail, and where no recipient is known either; else of the recipient's domain */
static uint32_t words_provider(struct bm_classifier *classifier, const struct bm_reply *reply,
			       const struct bm_fact *fact)
{
	const struct bm_bytes domain = bm_intern_get(classifier->tally->domains, fact->domain);
	const struct bm_bytes name = reply->code || domain.size == 0
					     ? bm_provider_spoken(reply->text)
					     : (struct bm_bytes){0};
	if (name.size == 0)
		return domain_provider(classifier, fact->domain);
	const uint32_t number = bm_tally_provider(classifier->tally, name);
	*memo_at(&classifier->voices, number) = number;
	return number;
}

/* spoken_provider - nobody was spoken to: the host the text names, else its words, else the
 * recipient's domain */
static uint32_t spoken_provider(struct bm_classifier *classifier, const struct bm_reply *reply,
				const struct bm_fact *fact)
{
	uint8_t buffer[DOMAIN_BYTES_MAX];
	const struct bm_bytes spoken = lower(reply->host, buffer, sizeof buffer);
	if (!is_named_host(spoken))
		return words_provider(classifier, reply, fact);
	uint32_t *const known =
		memo_at(&classifier->hosts, bm_intern_add(classifier->spoken, spoken));
	if (*known == NONE)
		*known = provider_number(classifier, spoken);
	return *known;
}

/* --- addresses --- */

/* address_name - the address as tables show it: lower-case domain; local part hashed under
 * --anonymize */
static struct bm_bytes address_name(struct bm_classifier *classifier, struct bm_bytes address,
				    struct bm_bytes domain)
{
	struct bm_text *const text = &classifier->address;
	text->size = 0;
	const size_t at = last_at(address);
	struct bm_bytes local = {address.data, at ? at - 1 : address.size};
	if (local.size > ADDRESS_BYTES_MAX)
		local.size = ADDRESS_BYTES_MAX;
	if (classifier->anonymizer)
		bm_anonymize(classifier->anonymizer, local, text);
	else
		bm_text_add(text, local);
	if (domain.size) {
		bm_text_byte(text, '@');
		bm_text_add(text, domain);
	}
	return (struct bm_bytes){text->data, text->size};
}

/* --- failures --- */

/* judge - the verdict for a template met for the first time; one kept under no name may still betray
 * a gateway or provider by its words */
static void judge(struct bm_classifier *classifier, struct bm_template_record *record,
		  struct bm_bytes masked, const struct bm_reply *reply, struct bm_enhanced dsn,
		  uint32_t provider)
{
	struct bm_bytes speaker = bm_intern_get(classifier->tally->providers, provider);
	if (speaker.size == 0)
		speaker = bm_provider_spoken(masked);
	const struct bm_verdict verdict =
		bm_rules_match(classifier->rules, classifier->scratch, speaker, masked, reply, dsn);
	record->judged = true;
	record->provider = provider;
	record->category = verdict.category;
	record->rule = verdict.rule;
	record->code = reply->code;
	record->enhanced = reply->enhanced.class ? reply->enhanced : dsn;
}

/* add_evidence - what decides a verdict besides provider and masked text: dsn= where the text has
 * no enhanced code, and what was read of the text before it was masked */
static void add_evidence(struct bm_text *name, const struct bm_event *event,
			 const struct bm_reply *reply, bool dsn)
{
	const uint16_t evidence[] = {reply->code, reply->enhanced.class, reply->enhanced.subject,
				     reply->enhanced.detail, (uint16_t)reply->stage};
	if (dsn)
		bm_text_add(name, event->dsn);
	for (size_t i = 0; i < sizeof evidence / sizeof *evidence; i++) {
		bm_text_byte(name, '/');
		bm_text_int(name, evidence[i]);
	}
}

/* voice_of - the provider that a template is kept under: a large one speaks in words of its own,
 * the many small ones all say what their software says, and are kept together under no name */
static uint32_t voice_of(struct bm_classifier *classifier, uint32_t provider)
{
	uint32_t *const known = memo_at(&classifier->voices, provider);
	if (*known == NONE) {
		const struct bm_bytes name = bm_intern_get(classifier->tally->providers, provider);
		const uint32_t scope = bm_intern_peek(classifier->scopes, bm_hash(name));
		*known = bm_intern_is(classifier->scopes, scope, name)
				 ? provider
				 : bm_tally_provider(classifier->tally, (struct bm_bytes){0});
	}
	return *known;
}

/* template_number - the tally's number of a failure's template, judged when it is new */
static uint32_t template_number(struct bm_classifier *classifier, const struct bm_event *event,
				const struct bm_reply *reply, uint32_t provider)
{
	struct bm_text *const name = &classifier->name;
	struct bm_tally *const tally = classifier->tally;
	struct bm_enhanced dsn = {0};
	name->size = 0;
	bm_text_add(name, bm_intern_get(tally->providers, provider));
	bm_text_byte(name, 0);
	const bool use_dsn = reply->enhanced.class == 0 && bm_enhanced_parse(event->dsn, &dsn);
	add_evidence(name, event, reply, use_dsn);
	bm_text_byte(name, 0);
	const size_t masked_from = name->size;
	bm_reply_mask(reply->text, bm_rules_keep(classifier->rules), name);
	const uint32_t known = bm_intern_count(tally->templates);
	const uint32_t template =
		bm_tally_template(tally, (struct bm_bytes){name->data, name->size});
	if (template == known)
		judge(
			classifier, &tally->template [template],
			(struct bm_bytes) { name->data + masked_from, name->size - masked_from },
			reply, dsn, provider);
	return template;
}

bool bm_template_read(struct bm_bytes name, struct bm_template_look *look)
{
	*look = (struct bm_template_look){0};
	const size_t provider = bm_bytes_find(name, 0, 0);
	const size_t evidence = bm_bytes_find(name, provider + 1, 0);
	if (evidence >= name.size)
		return false;
	look->provider = (struct bm_bytes){name.data, provider};
	look->masked = bm_bytes_from(name, evidence + 1);
	if (provider == 0)
		look->provider = bm_provider_spoken(look->masked);
	const struct bm_bytes all = {name.data + provider + 1, evidence - provider - 1};
	size_t at = bm_bytes_find(all, 0, '/');
	(void)bm_enhanced_parse((struct bm_bytes){all.data, at}, &look->dsn);
	unsigned values[5] = {0};
	for (unsigned i = 0; i < 5 && at < all.size; i++)
		for (at++; at < all.size && bm_is_digit(all.data[at]); at++)
			values[i] = values[i] * 10 + all.data[at] - '0';
	look->reply.code = (uint16_t)values[0];
	look->reply.enhanced =
		(struct bm_enhanced){(uint8_t)values[1], (uint16_t)values[2], (uint16_t)values[3]};
	look->reply.stage = (enum bm_stage)values[4];
	return true;
}

/* is_plain_address - letters, digits, dots, dashes and the like around one @: the mask makes <addr>
 * of any such */
static bool is_plain_address(struct bm_bytes address)
{
	const size_t at = bm_bytes_find_near(address, 0, '@');
	if (at == 0 || at + 3 >= address.size || address.size > MET_ADDRESS_BYTES_MAX)
		return false;
	for (size_t i = 0; i < address.size; i++) {
		const uint8_t byte = address.data[i];
		if (!((uint8_t)((byte | 0x20) - 'a') < 26 || (uint8_t)(byte - '0') < 10 ||
		      byte == '.' || byte == '-' || byte == '_' || i == at))
			return false;
	}
	return true;
}

/* cut_recipient - what is before and behind address in text, where it stands in it as a word of its
 * own, as in "<user@example.com>:"; false when it does not */
static bool cut_recipient(struct bm_bytes text, struct bm_bytes address, struct bm_bytes *before,
			  struct bm_bytes *after)
{
	const size_t from = is_plain_address(address) ? bm_bytes_search(text, address) : text.size;
	const size_t end = from + address.size;
	if (from == text.size || from == 0 || end == text.size ||
	    !strchr("< (", text.data[from - 1]) || !strchr("> )", text.data[end]))
		return false;
	*before = (struct bm_bytes){text.data, from};
	*after = bm_bytes_from(text, end);
	return true;
}

/* around - hash of text without address */
static uint64_t around(struct bm_bytes text, struct bm_bytes address)
{
	struct bm_bytes before, after;
	if (!cut_recipient(text, address, &before, &after))
		return bm_hash(text);
	return bm_hash_mix(bm_hash(before) ^ before.size, bm_hash(after) | 1);
}

/* met_place - where a failure like this one would be remembered; *hash tells it from others */
static struct met *met_place(struct bm_classifier *classifier, const struct bm_event *event,
			     const struct bm_fact *fact, struct bm_bytes text, uint64_t *hash)
{
	const uint64_t who = fact->has_relay ? fact->provider : (uint64_t)fact->domain << 32;
	*hash = bm_hash_mix(around(text, event->address) ^ who, bm_hash(event->dsn) | 1) | 1;
	return &classifier->met[*hash >> 32 & (MET_ROOM - 1)];
}

/* --- blocklists --- */

/* may_name_list - can a failure for this reason name a blocklist: the sender is on it, or a link in
 * the message */
static bool may_name_list(enum bm_category category)
{
	return category == BM_CATEGORY_BLOCKLISTED || category == BM_CATEGORY_SPAM_RELATED;
}

/* add_listed - what is listed, in one spelling: lower case, IPv6 as RFC 5952 has it */
static void add_listed(struct bm_text *name, struct bm_bytes listed)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;
	if (bm_bytes_find(listed, 0, ':') < listed.size && listed.size < sizeof text) {
		memcpy(text, listed.data, listed.size);
		text[listed.size] = 0;
		if (inet_pton(AF_INET6, text, &address) == 1 &&
		    inet_ntop(AF_INET6, &address, text, sizeof text)) {
			bm_text_add(name, bm_bytes_of(text));
			return;
		}
	}
	for (size_t i = 0; i < listed.size; i++)
		bm_text_byte(name, bm_lower(listed.data[i]));
}

/* listing_of - number + 1 of the list that a text names and what that lists, or 0.  The text is
 * read without its recipient, whose domain is no one's listing, and as the failures that share a
 * place in `met` have it in common. */
static uint32_t listing_of(struct bm_classifier *classifier, struct bm_bytes text,
			   struct bm_bytes address)
{
	struct bm_text *const name = &classifier->name, *const bare = &classifier->impersonal;
	struct bm_bytes before = text, after = {0};
	struct bm_reply reply;
	struct bm_blocklist found;
	(void)cut_recipient(text, address, &before, &after);
	bare->size = classifier->decoded.size = 0;
	bm_text_add(bare, before);
	bm_text_add(bare, after);
	text = (struct bm_bytes){bare->data, bare->size};
	if (bm_text_chinese(&classifier->decoded, text))
		text = (struct bm_bytes){classifier->decoded.data, classifier->decoded.size};
	bm_reply_parse(text, &reply);
	if (!bm_blocklist_find(reply.text, &found))
		return 0;
	name->size = 0;
	bm_text_add(name, found.name);
	bm_text_byte(name, 0);
	add_listed(name, found.listed);
	return bm_tally_listing(classifier->tally, (struct bm_bytes){name->data, name->size}) + 1;
}

/* --- verdicts --- */

/* read_failure - tokenize and mask a failure's text: the long way to its template, provider
 * and blocklist */
static void read_failure(struct bm_classifier *classifier, const struct bm_event *event,
			 struct bm_bytes text, struct bm_fact *fact)
{
	struct bm_reply reply;
	struct bm_bytes words = text;
	classifier->decoded.size = 0;
	if (bm_text_chinese(&classifier->decoded, text))
		words = (struct bm_bytes){classifier->decoded.data, classifier->decoded.size};
	bm_reply_parse(words, &reply);
	if (!fact->has_relay)
		fact->provider = spoken_provider(classifier, &reply, fact);
	fact->template =
		template_number(classifier, event, &reply, voice_of(classifier, fact->provider));
	if (may_name_list(classifier->tally->template[fact->template].category))
		fact->listing = listing_of(classifier, text, event->address);
}

/* failure - template, provider and category of a bounced or deferred attempt */
static void failure(struct bm_classifier *classifier, const struct bm_event *event,
		    struct bm_fact *fact)
{
	struct bm_bytes text = event->text;
	if (text.size > REPLY_TEXT_BYTES_MAX)
		text.size = REPLY_TEXT_BYTES_MAX;
	uint64_t hash;
	struct met *const met = met_place(classifier, event, fact, text, &hash);
	if (met->hash == hash) {
		fact->template = met->template;
		fact->provider = met->provider;
		fact->listing = met->listing;
	} else {
		read_failure(classifier, event, text, fact);
		*met = (struct met){hash, fact->template, fact->provider, fact->listing};
	}
	struct bm_template_record *const record = &classifier->tally->template[fact->template];
	fact->category = (uint8_t)record->category;
	bm_tally_sample(classifier->tally, &record->sample, text);
}

/* note_evidence - the text that will explain why an address is suppressed.  That of a deferral may
 * explain either: it waits to be given up for good, or for more of its kind. */
static void note_evidence(struct bm_tally *tally, const struct bm_event *event,
			  const struct bm_fact *fact)
{
	const enum bm_category category = (enum bm_category)fact->category;
	const enum bm_bearing bearing = bm_category_bearing(category);
	struct bm_address_record *const record = &tally->address[fact->address];
	if (bearing == BM_BEARING_NONE)
		return;
	bm_tally_evidence(tally, bm_evidence_of(record, bearing), fact->time, category,
			  event->text);
	if (bearing == BM_BEARING_HARD && fact->outcome == BM_DEFERRED)
		bm_tally_evidence(tally, bm_evidence_of(record, BM_BEARING_SOFT), fact->time,
				  category, event->text);
}

static uint8_t outcome_of(enum bm_status status)
{
	return status == BM_STATUS_SENT      ? BM_DELIVERED
	       : status == BM_STATUS_BOUNCED ? BM_BOUNCED
					     : BM_DEFERRED;
}

/* relay_name - "host[ip]" as one name; empty when nobody was spoken to */
static struct bm_bytes relay_name(const struct bm_event *event)
{
	if (event->relay.size == 0 || bm_bytes_equal(event->relay, BM_BYTES("none")))
		return (struct bm_bytes){0};
	size_t size = event->relay.size;
	if (event->relay_ip.size) /* the two lie side by side in the line */
		size = (size_t)(event->relay_ip.data + event->relay_ip.size + 1 -
				event->relay.data);
	return (struct bm_bytes){event->relay.data,
				 size < RELAY_BYTES_MAX ? size : RELAY_BYTES_MAX};
}

void bm_lookup_start(const struct bm_classifier *classifier, const struct bm_event *event,
		     struct bm_lookup *lookup)
{
	lookup->domain = domain_of(event->address, lookup->lower);
	lookup->domain_hash = bm_hash(lookup->domain);
	bm_intern_want(classifier->tally->domains, lookup->domain_hash);
	lookup->relay = relay_name(event);
	if (lookup->relay.size == 0)
		return;
	lookup->relay_hash = bm_hash(lookup->relay);
	bm_intern_want(classifier->tally->relays, lookup->relay_hash);
}

void bm_lookup_peek(const struct bm_classifier *classifier, struct bm_lookup *lookup)
{
	const struct bm_tally *const tally = classifier->tally;
	lookup->domain_guess = bm_intern_peek(tally->domains, lookup->domain_hash);
	lookup->relay_guess = lookup->relay.size == 0
				      ? UINT32_MAX
				      : bm_intern_peek(tally->relays, lookup->relay_hash);
}

void bm_lookup_fetch(const struct bm_classifier *classifier, const struct bm_lookup *lookup)
{
	const struct bm_tally *const tally = classifier->tally;
	if (lookup->domain_guess != UINT32_MAX)
		bm_intern_fetch(tally->domains, lookup->domain_guess);
	if (lookup->relay_guess != UINT32_MAX)
		bm_intern_fetch(tally->relays, lookup->relay_guess);
}

/* find_names - the numbers of the names that were looked up */
static void find_names(struct bm_classifier *classifier, const struct bm_lookup *lookup,
		       struct bm_fact *fact)
{
	struct bm_tally *const tally = classifier->tally;
	fact->domain = bm_intern_is(tally->domains, lookup->domain_guess, lookup->domain)
			       ? lookup->domain_guess
			       : bm_tally_domain_hashed(tally, lookup->domain, lookup->domain_hash);
	fact->has_relay = lookup->relay.size > 0;
	if (fact->has_relay)
		fact->relay = bm_intern_is(tally->relays, lookup->relay_guess, lookup->relay)
				      ? lookup->relay_guess
				      : bm_intern_add_hashed(tally->relays, lookup->relay,
							     lookup->relay_hash);
}

void bm_classify(struct bm_classifier *classifier, const struct bm_event *event,
		 const struct bm_lookup *lookup, bm_time time, struct bm_fact *fact)
{
	*fact = (struct bm_fact){.time = time,
				 .outcome = outcome_of(event->status),
				 .category = BM_CATEGORY_DELIVERED,
				 .delay_step = BM_NO_STEP};
	find_names(classifier, lookup, fact);
	fact->provider = fact->has_relay ? relay_provider(classifier, event, fact)
					 : domain_provider(classifier, fact->domain);
	if (classifier->addresses)
		fact->address =
			bm_tally_address(classifier->tally,
					 address_name(classifier, event->address, lookup->domain));
	if (event->status != BM_STATUS_SENT) {
		failure(classifier, event, fact);
		if (classifier->addresses)
			note_evidence(classifier->tally, event, fact);
	} else if (event->delay_hundredths != UINT32_MAX) {
		fact->delay_step = (uint8_t)bm_step_of(event->delay_hundredths);
	}
}

uint32_t bm_classify_sender(struct bm_classifier *classifier, struct bm_bytes address)
{
	uint8_t buffer[DOMAIN_BYTES_MAX];
	struct bm_bytes domain = domain_of(address, buffer);
	if (address.size == 0)
		domain = BM_BYTES("<>");
	return bm_tally_sender(classifier->tally, domain);
}

uint32_t bm_classify_subject(struct bm_classifier *classifier, struct bm_bytes value)
{
	if (classifier->subjects == NULL)
		classifier->subjects = bm_subjects_new(classifier->tally);
	return bm_subjects_number(classifier->subjects, value);
}

/* setup.h - what every command that grinds inputs needs first: rules, threads, files and memory. */
#ifndef BM_SETUP_H
#define BM_SETUP_H

#include "bouncemill/rule.h"
#include "options.h"

/* bm_setup_rules - built-in rules and those of --rules, ready to match; what is wrong with them has been said */
enum bm_err bm_setup_rules(const struct bm_options *options, struct bm_rules *rules);
/* bm_setup_threads - as many as asked for, else as many as there are processors for us */
unsigned bm_setup_threads(const struct bm_options *options);
/* bm_setup_limits - the memory budget (--memory), and as many open files as the system allows: an archive keeps one
 * open for each member */
void bm_setup_limits(const struct bm_options *options);

#endif

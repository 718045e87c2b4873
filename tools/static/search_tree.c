// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The static libelf of elfutils 0.192 calls these functions and does not contain them (its shared library does). Linked by
 * `libraries` only where a trial shows that they are missing. The tree's root is the first member of what the callers pass;
 * behind it there is at most a lock, which a program of one thread does not need. */
#include <search.h>
#include <stddef.h>

struct search_tree {
	void *root;
};

typedef int compare_function(const void *, const void *);

void eu_search_tree_init(struct search_tree *tree);
void eu_search_tree_fini(struct search_tree *tree, void (*free_node)(void *));
void *eu_tsearch(const void *key, struct search_tree *tree, compare_function *compare);
void *eu_tdelete(const void *key, struct search_tree *tree, compare_function *compare);

void eu_search_tree_init(struct search_tree *tree)
{
	tree->root = NULL;
}

void eu_search_tree_fini(struct search_tree *tree, void (*free_node)(void *))
{
	tdestroy(tree->root, free_node);
}

void *eu_tsearch(const void *key, struct search_tree *tree, compare_function *compare)
{
	return tsearch(key, &tree->root, compare);
}

void *eu_tdelete(const void *key, struct search_tree *tree, compare_function *compare)
{
	return tdelete(key, &tree->root, compare);
}

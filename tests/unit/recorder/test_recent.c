/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the packet memory against a plain model: chains in order, oldest out first,
 * conversations that go with their last packet, sizes of every kind, a flood of conversations.
 */
#include "frames/frames.h"
#include <glib.h>
#include "recorder/recent.h"

static struct recent_ends ends_of(unsigned n)
{
	struct address a = { 4, { 10, 0, 0, 1 } }, b = { 4, { 10, 0, 0, 2 } };

	a.byte[1] = (uint8_t)(n >> 16);
	return recent_ends_of(&a, (uint16_t)n, &b, 587);
}

/* Hold packet `frame` of conversation n: size bytes of value frame. */
static bool add(struct recent *h, unsigned n, uint32_t frame, uint32_t size)
{
	uint8_t *data = g_malloc(size + 1);
	struct recent_ends ends = ends_of(n);
	const struct recent_packet p = { .time_ns = frame * 10ull,
					 .frame = frame,
					 .caplen = size,
					 .len = size + 1,
					 .dlt = 1,
					 .interface = (uint16_t)(n % 7),
					 .data = data };

	memset(data, (int)frame, size + 1);
	bool held = recent_add(h, n ? recent_talk(h, &ends) : NULL, &p);
	g_free(data);
	return held;
}

/* The frames of conversation n from newest to oldest are these, and whole. */
static unsigned count_chain(struct recent *h, unsigned n, const uint32_t *frames, unsigned most)
{
	struct recent_ends ends = ends_of(n);
	const struct recent_talk *t = n ? recent_find(h, &ends) : NULL;
	unsigned i = 0;

	if (n && !t)
		return 0;
	for (recent_place at = recent_last(h, t); at != RECENT_NONE;
	     at = recent_before(h, at), i++) {
		const struct recent_packet p = recent_at(h, at);
		assert_true(i < most);
		assert_int_equal(p.frame, frames[most - 1 - i]);
		assert_int_equal(p.len, p.caplen + 1);
		assert_int_equal(p.time_ns, p.frame * 10ull);
		assert_int_equal(p.interface, n % 7);
		for (uint32_t b = 0; b < p.caplen; b++)
			assert_int_equal(p.data[b], (uint8_t)p.frame);
	}
	return i;
}

static void test_both_directions_are_one(void **state)
{
	struct address a = { 4, { 10, 0, 0, 1 } }, b = { 4, { 10, 0, 0, 2 } };
	struct recent_ends x = recent_ends_of(&a, 9, &b, 8), y = recent_ends_of(&b, 8, &a, 9);
	struct recent *h = recent_new(0);

	(void)state;
	assert_ptr_equal(recent_talk(h, &x), recent_talk(h, &y));
	x = recent_ends_of(&a, 9, &a, 8);
	y = recent_ends_of(&a, 8, &a, 9);
	assert_ptr_equal(recent_talk(h, &x), recent_talk(h, &y));
	assert_int_equal(recent_talks(h), 2);
	recent_free(h);
}

/* Random sizes, ten conversations and none: what is there is always the newest of each. */
static void test_against_a_model(void **state)
{
	struct recent *h = recent_new(65536);
	GArray *model[11];
	unsigned held = 0;

	(void)state;
	g_random_set_seed(7);
	for (unsigned n = 0; n < 11; n++)
		model[n] = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	for (uint32_t frame = 1; frame <= 5000; frame++) {
		unsigned n = (unsigned)g_random_int_range(0, 11);
		uint32_t size = (uint32_t)g_random_int_range(0, frame % 50 ? 1600 : 4000);
		if (!add(h, n, frame, size))
			continue;
		held++;
		g_array_append_val(model[n], frame);
		if (frame % 50)
			continue;
		unsigned sum = 0;
		for (unsigned m = 0; m < 11; m++)
			sum += count_chain(h, m, (uint32_t *)(void *)model[m]->data, model[m]->len);
		assert_true(sum > 20 && sum < 400);
		assert_true(recent_bytes(h) <= 65536 + 11 * 256);
	}
	assert_true(held > 4900);
	for (unsigned n = 0; n < 11; n++)
		g_array_free(model[n], TRUE);
	recent_free(h);
}

static void test_too_large(void **state)
{
	struct recent *h = recent_new(65536);

	(void)state;
	assert_false(add(h, 1, 1, 5000));
	assert_int_equal(recent_talks(h), 0);
	assert_true(add(h, 1, 2, 100));
	assert_false(add(h, 1, 3, 5000));
	assert_int_equal(recent_talks(h), 1);
	assert_false(add(h, 0, 4, 70000));
	recent_free(h);
}

static void test_flood(void **state)
{
	struct recent *h = recent_new(1u << 20);
	size_t most = 0;

	(void)state;
	for (unsigned n = 1; n < 200000; n++) {
		assert_true(add(h, n, n, 54));
		most = MAX(most, recent_talks(h));
	}
	assert_true(most * 100 < 1u << 20); /* about 100 bytes each, a quarter more than asked */
	assert_true(recent_bytes(h) <= (1u << 20) * 5 / 4);
	recent_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_directions_are_one),
		cmocka_unit_test(test_against_a_model),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_flood),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

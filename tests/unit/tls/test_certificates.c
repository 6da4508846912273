/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Certificates that are remembered: the same bytes are read once, others never answer for them,
 * the number is bounded, and what is held stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/caps.h"
#include "tls/certificate_samples.h"
#include "tls/certificates.h"

static const uint8_t key[16] = "0123456789abcde";

/* The leaf with another signature, which nobody checks here: other bytes, the same fields. */
static const struct certificate *variant(struct certificates *all, unsigned n)
{
	uint8_t der[sizeof der_leaf];

	memcpy(der, der_leaf, sizeof der);
	memcpy(der + sizeof der - sizeof n, &n, sizeof n);
	return certificates_get(all, bytes_of(der, sizeof der));
}

static void test_once(void **state)
{
	struct certificates *all = certificates_new(key);
	const struct certificate *a = certificates_get(all, bytes_of(der_leaf, sizeof der_leaf));
	const struct certificate *b = certificates_get(all, bytes_of(der_root, sizeof der_root));

	(void)state;
	assert_string_equal(a->sha256, sha256_leaf);
	assert_string_equal(b->sha256, sha256_root);
	assert_ptr_equal(certificates_get(all, bytes_of(der_leaf, sizeof der_leaf)), a);
	assert_int_equal(certificates_kept(a), 0);
	certificates_drop(all, a);
	certificates_drop(all, a);
	assert_ptr_equal(certificates_get(all, bytes_of(der_leaf, sizeof der_leaf)), a);
	certificates_drop(all, a);
	certificates_drop(all, b);
	certificates_drop(all, NULL);
	certificates_free(all);
}

static void test_other_bytes(void **state)
{
	struct certificates *all = certificates_new(key);
	const struct certificate *a = variant(all, 1), *b = variant(all, 2);

	(void)state;
	assert_ptr_not_equal(a, b);
	assert_string_not_equal(a->sha256, b->sha256);
	assert_string_equal(a->subject, b->subject);
	certificates_drop(all, a);
	certificates_drop(all, b);
	certificates_free(all);
}

static void test_unreadable(void **state)
{
	struct certificates *all = certificates_new(key);

	(void)state;
	assert_null(certificates_get(all, bytes_of(NULL, 0)));
	assert_null(certificates_get(all, bytes_of("hello", 5)));
	assert_null(certificates_get(all, bytes_of(der_leaf, sizeof der_leaf - 1)));
	certificates_free(all);
}

/* The one that was not asked for longest goes. */
static void test_bounded(void **state)
{
	struct certificates *all = certificates_new(key);
	const struct certificate *first = variant(all, 0);

	(void)state;
	certificates_drop(all, first);
	for (unsigned i = 1; i < 3 * CAP_CERTIFICATES; i++) {
		const struct certificate *c = variant(all, i);
		assert_int_equal(certificates_kept(c), 0); /* it found a place */
		certificates_drop(all, c);
		assert_ptr_equal(variant(all, 0), first);
		certificates_drop(all, first);
	}
	certificates_free(all);
}

/* When sessions hold all that is remembered, one more belongs to the session that has it. */
static void test_all_held(void **state)
{
	struct certificates *all = certificates_new(key);
	const struct certificate *held[CAP_CERTIFICATES];

	(void)state;
	for (unsigned i = 0; i < CAP_CERTIFICATES; i++)
		held[i] = variant(all, i);
	const struct certificate *own = variant(all, CAP_CERTIFICATES);
	assert_true(certificates_kept(own) >= sizeof *own);
	const struct certificate *again = variant(all, CAP_CERTIFICATES);
	assert_ptr_not_equal(own, again);
	assert_string_equal(own->sha256, again->sha256);
	certificates_drop(all, own);
	certificates_drop(all, again);
	for (unsigned i = 0; i < CAP_CERTIFICATES; i++) {
		assert_ptr_equal(variant(all, i), held[i]);
		certificates_drop(all, held[i]);
	}
	certificates_drop(all, held[7]);
	assert_int_equal(certificates_kept(variant(all, CAP_CERTIFICATES)), 0);
	certificates_drop(all, held[0]);
	certificates_free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),	   cmocka_unit_test(test_other_bytes),
		cmocka_unit_test(test_unreadable), cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_all_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

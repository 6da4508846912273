/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer harness of the pcapng reader: the input is a file; every packet must lie in its block.
 */
#include <stdlib.h>
#include <stddef.h>
#include <glib.h>
#include "read/pcapng.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "rb") : NULL;
	struct pcapng_packet k;
	volatile uint8_t sum = 0;

	if (!file)
		return 0;
	struct pcapng *p = pcapng_new(file);
	while (pcapng_next(p, &k) == PCAPNG_PACKET) {
		if (k.caplen > size || k.frame != pcapng_frames(p))
			abort();
		for (uint32_t i = 0; i < k.caplen; i++)
			sum = (uint8_t)(sum + k.data[i]);
		if (k.frame % 3 == 0) { /* else several blocks gather */
			size_t n;
			char *secrets = pcapng_take_secrets(p, &n);
			for (size_t i = 0; secrets && i < n; i++)
				sum = (uint8_t)(sum + (uint8_t)secrets[i]);
			g_free(secrets);
		}
	}
	pcapng_free(p);
	fclose(file);
	return 0;
}

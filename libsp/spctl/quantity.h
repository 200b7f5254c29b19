/* SPDX-License-Identifier: MIT */
/* quantity.h - times and sizes for people, short enough for a table. */
#ifndef SPCTL_QUANTITY_H
#define SPCTL_QUANTITY_H

#define QUANTITY_SIZE 32

/* Milliseconds in their two largest units, as "3m12s", "12s" or "340ms". */
void quantity_time(unsigned long long ms, char out[QUANTITY_SIZE]);

/* KiB as "812K", "1.3M" or "2.0G". */
void quantity_memory(unsigned long long kb, char out[QUANTITY_SIZE]);

#endif

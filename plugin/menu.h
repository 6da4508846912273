/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tools > Microsoft 365 SMTP: filters, the way to the evidence, and the pages of the findings.
 */
#ifndef SMTP365_MENU_H
#define SMTP365_MENU_H

void menu_register(int proto);

#endif

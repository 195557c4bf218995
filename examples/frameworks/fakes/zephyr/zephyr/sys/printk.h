#ifndef ZEPHYR_PRINTK_H
#define ZEPHYR_PRINTK_H

__attribute__((format(printf, 1, 2))) void printk(const char *fmt, ...);

#endif

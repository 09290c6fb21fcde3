/* Quota: how many CPUs' worth of time the control groups grant this process. */
#ifndef DMAP_CPU_QUOTA_H
#define DMAP_CPU_QUOTA_H

/** The tightest CPU quota of this process's control group and those above it, as far as they can be seen from here
 *  (version 1 and 2), in CPUs: 1.5 means 150 ms of work in 100 ms. 0: none, or not to be found out.
 *  root:     put before every path; "" for this machine */
double dmap__quota_read(const char *root);

#endif

/* Logits become calibrated ones and probabilities. See classifier.py. */

#include <math.h>
#include <stdint.h>

#include "kernels.h"

#define MOST_LOGIT 700.0  /* beyond it an exponential overflows */
#define DECIMALS 1e6      /* of a probability */

/* Calibrate logits: linear between some points, of which the logits (ascending) come first and then what they become,
   with the slope of the ends beyond them. There are two points at least. */
void calibrate(const double *points, int64_t count, double *logits, int64_t size) {
    const double *become = points + count;
    for (int64_t at = 0; at < size; at++) {
        int64_t low = 0, high = count - 2;
        while (low < high) {
            int64_t middle = (low + high + 1) / 2;
            if (points[middle] <= logits[at])
                low = middle;
            else
                high = middle - 1;
        }
        double slope = (become[low + 1] - become[low]) / (points[low + 1] - points[low]);
        logits[at] = slope * (logits[at] - points[low]) + become[low];
    }
}

/* Make probabilities of logits, rounded to six decimals. */
void make_probabilities(double *logits, int64_t size) {
    for (int64_t at = 0; at < size; at++) {
        double logit = logits[at] < -MOST_LOGIT ? -MOST_LOGIT : logits[at];
        logits[at] = rint(1 / (1 + exp(-logit)) * DECIMALS) / DECIMALS;
    }
}

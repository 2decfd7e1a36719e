/* mpi/collective.h -- processes that work together, by way of MPI. */
#ifndef MPI_COLLECTIVE_H
#define MPI_COLLECTIVE_H

#include <refrain/collective.h>
#include <stdbool.h>

extern const rf_collective mpi_collective;

#endif

/* tensor/isa_end.h -- end what isa_avx2.h, isa_avx512.h, isa_neon.h or isa_c.h began. */
#ifdef RFI_ISA_PUSHED
#undef RFI_ISA_PUSHED
#if defined __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

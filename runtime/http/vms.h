/* SPDX-License-Identifier: MPL-2.0 */
/*
 * VMs, from VMAPI or from a file.  Questions are answered on another thread, or at
 * once; the answer is HTTP's: a status and a JSON body.
 */
#ifndef FWR_HTTP_VMS_H
#define FWR_HTTP_VMS_H

#include "../../compiler/base/diag.h"
#include "../../compiler/base/uuid.h"

#define VMS_MAX_BODY ((size_t)256 << 20)

struct vms;

/* From VMAPI at url; a request takes at most timeout_ms.  NULL: the URL is none. */
struct vms *vms_from_vmapi(const char *url, unsigned timeout_ms);
/* From a file: an array of VMs, or one a line.  NULL and a diagnostic on failure. */
struct vms *vms_from_file(const char *path, struct diags *diags);
/* None: every question is answered with 503. */
struct vms *vms_none(void);
void vms_free(struct vms *v);

struct vms_ask {
	/* In. */
	struct uuid uuid;               /* of the VM, or of the owner of all that are asked for */
	bool of_owner;
	struct slice req_id;            /* sent on to VMAPI */
	void (*done)(struct vms_ask *ask);      /* may be called before vms_send returns */
	void *context;
	/* Out: the asker frees body. */
	int status;
	struct buf body;
	struct vms_ask *next;
};

void vms_send(struct vms *v, struct vms_ask *ask);

#endif

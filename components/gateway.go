package components

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const (
	gatewayAPI        = "gateway.networking.k8s.io"
	gatewayAPIVersion = gatewayAPI + "/v1"
	latticeAPIVersion = "application-networking.k8s.aws/v1alpha1"
)

// newGateway creates the class and the Gateway. Through it, routes join the service
// network of the Gateway's name.
func (c *LatticeCluster) newGateway(ctx *pulumi.Context) error {
	class, err := newObject(ctx, c.name+"-gateway-class", map[string]any{
		"apiVersion": gatewayAPIVersion,
		"kind":       "GatewayClass",
		"metadata": map[string]any{
			"name":        gatewayClass,
			"annotations": map[string]any{waitForAnnotation: "condition=Accepted"},
		},
		"spec": map[string]any{"controllerName": "application-networking.k8s.aws/gateway-api-controller"},
	}, pulumi.Parent(c), pulumi.Provider(c.kubernetes), timeouts(controllerTimeout),
		// The controller accepts the class, and releases its Gateways.
		pulumi.DependsOn([]pulumi.Resource{c.controllers.lattice}))
	if err != nil {
		return fmt.Errorf("creating gateway class: %w", err)
	}
	namespace, err := c.newNamespace(ctx, gatewayNamespace, nil)
	if err != nil {
		return err
	}
	gateway, err := newObject(ctx, c.name+"-gateway", map[string]any{
		"apiVersion": gatewayAPIVersion,
		"kind":       "Gateway",
		"metadata": map[string]any{
			"name":        c.args.Environment.ServiceNetworkName,
			"namespace":   namespace,
			"annotations": map[string]any{waitForAnnotation: "condition=Programmed"},
		},
		"spec": map[string]any{
			"gatewayClassName": gatewayClass,
			"listeners":        c.listeners(),
		},
	}, pulumi.Parent(c), pulumi.Provider(c.kubernetes), timeouts(controllerTimeout),
		pulumi.DependsOn([]pulumi.Resource{
			// The class has no finalizer that keeps it while the Gateway exists.
			class,
			// The controller looks for the service network once. Without the
			// association, routes would become ready and not answer.
			c.association,
		}))
	if err != nil {
		return fmt.Errorf("creating gateway: %w", err)
	}
	c.gateway = gateway
	return nil
}

// listeners are the blueprint's three. Those on 443 differ in the host name: port,
// protocol and host name of a listener must be unique.
func (c *LatticeCluster) listeners() []any {
	routes := map[string]any{"namespaces": map[string]any{
		"from":     "Selector",
		"selector": map[string]any{"matchLabels": map[string]any{attachLabel: attachLabelValue}},
	}}
	return []any{
		map[string]any{"name": httpListener, "protocol": "HTTP", "port": 80, "allowedRoutes": routes},
		map[string]any{"name": httpsListener, "protocol": "HTTPS", "port": 443, "allowedRoutes": routes},
		map[string]any{
			"name": httpsListenerOfDomain, "protocol": "HTTPS", "port": 443, "allowedRoutes": routes,
			"hostname": "*." + c.args.Environment.Domain,
			"tls": map[string]any{
				"mode":    "Terminate",
				"options": map[string]any{"application-networking.k8s.aws/certificate-arn": c.args.Environment.CertificateARN},
			},
		},
	}
}
